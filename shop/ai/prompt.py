"""What a chat prompt says: reviews to tell about, and perhaps a question.

In the messages of the user, a line that begins with ``- `` is a review (lines that follow it
belong to it, up to an empty one), a line that begins with ``Question:`` is the question, and all
else is instruction. A prompt without such lines is itself the text to summarise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ai.text import pieces

ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True)
class Prompt:
    reviews: tuple[str, ...]
    question: str
    tokens: int


def content(message: Any, number: int) -> str:
    """The text of a message (a string, or parts of type text); ValueError for all else."""
    where = f"messages[{number}]"
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise ValueError(f"{where}: an object with a role ({', '.join(ROLES)}) is wanted")
    said = message.get("content")
    if isinstance(said, list):
        said = "\n".join(_part(part, where) for part in said)
    if not isinstance(said, str):
        raise ValueError(f"{where}.content: a text is wanted")
    return said


def _part(part: Any, where: str) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
    if not isinstance(text, str):
        raise ValueError(f"{where}.content: parts of type text alone are understood")
    return text


def read(messages: Any) -> Prompt:
    """The prompt of a chat request; ValueError says what is wrong with it."""
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages: a list with at least one message is wanted")
    texts = [content(message, number) for number, message in enumerate(messages)]
    said = [t for m, t in zip(messages, texts, strict=True) if m["role"] == "user"]
    if not any(text.strip() for text in said):
        raise ValueError("messages: a message of the user with a text is wanted")
    reviews, question = _lines("\n\n".join(said).splitlines())
    tokens = sum(len(pieces(text)) for text in texts)
    return Prompt(tuple(reviews) or ((said[-1],) if not question else ()), question, tokens)


def _lines(lines: Sequence[str]) -> tuple[list[str], str]:
    reviews: list[str] = []
    question, inside = "", False
    for line in lines:
        if line.startswith("- "):
            reviews.append(line[2:].strip())
        elif line.casefold().startswith("question:"):
            question = line.split(":", 1)[1].strip()
        elif inside and line.strip():
            reviews[-1] += f" {line.strip()}"
        inside = line.startswith("- ") or (inside and bool(line.strip()))
        inside = inside and not line.casefold().startswith("question:")
    return [review for review in reviews if review], question


def write(reviews: Sequence[str], question: str = "") -> list[dict[str, str]]:
    """The messages that ask for a summary of reviews, or for an answer from them."""
    task = "Answer the question from the reviews." if question else "Summarise the reviews."
    lines = [task, *(f"- {' '.join(review.split())}" for review in reviews)]
    lines += ["", f"Question: {question}"] if question else []
    return [{"role": "user", "content": "\n".join(lines)}]
