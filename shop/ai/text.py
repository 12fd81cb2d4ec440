"""Words, sentences and tokens of a text, in any script."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_PIECE = re.compile(r"\s*(?:\w{1,6}|[^\w\s])|\s+\Z")


def words(text: str) -> list[str]:
    """The words in lower case: runs of letters, digits and underscores."""
    return _WORD.findall(text.casefold())


def sentences(text: str) -> list[str]:
    """The sentences, as written, without the white space around them."""
    return [s for part in _SENTENCE.split(text) if (s := part.strip())]


def pieces(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text again.

    A token is a punctuation mark or at most six letters of a word, with the white space before it:
    about one and a half tokens a word in English, as with the usual word-piece vocabularies.
    """
    return _PIECE.findall(text)


def stem(word: str) -> str:
    """The first five letters: enough to bring 'reading' and 'reads' of a question together."""
    return word[:5]
