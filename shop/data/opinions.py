"""What reviewers say: about an aspect of the book, well or badly, in one of several ways.

Half of the ways negate ("not dull", "hardly gripping"), with the same adjectives on both sides: a
single word does not tell what the reviewer thought, its neighbour does.
"""

from __future__ import annotations

import numpy as np

ASPECTS = """
The plot|is|gripping clever convincing moving surprising tight|dull muddled thin contrived predictable far-fetched
The characters|are|believable vivid lovable complex memorable warm|flat wooden interchangeable annoying shallow lifeless
The pace|is|brisk lively steady breathless assured relaxed|slow sluggish uneven hurried jerky leaden
The translation|is|fluent elegant careful natural lively faithful|clumsy stiff careless literal awkward dated
The print|is|crisp clear generous readable sharp clean|tiny smudged faint cramped blurred pale
The humour|is|dry sharp gentle infectious subtle sly|forced stale mean tired childish heavy
The illustrations|are|beautiful detailed charming precise colourful delicate|crude sparse ugly gloomy careless dull
The price|is|fair modest reasonable honest low sensible|steep excessive high unjustified shameless inflated
The ending|is|satisfying brave earned unexpected moving perfect|abrupt weak disappointing sentimental confusing rushed
The prose|is|graceful precise vivid clear lean musical|wordy flowery clumsy bloated vague pompous
The dialogue|is|witty natural quick credible sharp tender|stilted wooden forced repetitive hollow clumsy
The research|is|thorough impressive deep careful rich reliable|superficial sloppy patchy outdated one-sided weak
The binding|is|sturdy solid handsome flexible flawless strong|flimsy loose cheap brittle crooked weak
The atmosphere|is|dense haunting warm immersive eerie rich|bland cold missing artificial flat dreary
"""  # noqa: E501

FRAMES = (
    "{It} {is} {one}.",
    "I found {it} {one}.",
    "{It} {is} {one} from beginning to end.",
    "For me {it} {was} truly {one}.",
    "Above all, {it} {is} {one}.",
    "{It} {is} not {other}.",
    "{It} {is} hardly {other}.",
    "I never found {it} {other}.",
    "{It} {is} far from {other}.",
    "Nobody could call {it} {other}.",
)
"""The second half negates: ``other`` is an adjective of the other side."""

VERDICTS = (
    "I could not finish it.|A waste of an evening.|I want my money back.|The worst of the series.|"
    "It went straight to the charity box.|I gave up after fifty pages.",
    "I wanted to like it more.|Too long by half.|Well meant, but it does not work.|"
    "I skipped whole chapters.|Not what the cover says.|Others may have more patience than I.",
    "I am in two minds about it.|Some of it works, some does not.|Good in parts.|"
    "Neither here nor there.|It was all right for a train ride.|I expected something else.",
    "I am glad that I read it.|A good choice for long evenings.|Better than I thought.|"
    "Not perfect, and still a pleasure.|I shall look for more by this author.|Time well spent.",
    "I read it in one night.|The best that I read this year.|I could not put it down.|"
    "It stayed with me for weeks.|I have given away three copies.|It will be read again.",
)
"""By rating, 1 to 5."""

ASIDES = (
    "I read it on the train.|My sister lent it to me.|My book club argued about it for weeks.|"
    "I keep it beside my desk.|It arrived within two days.|I bought it for my father.|"
    "We read it aloud at home.|I know the author's other books.|It was a birthday present.|"
    "I have read it twice by now.|Others may see it differently.|It is the second edition.|"
    "I came to it by a recommendation here.|My copy is the paperback.|I took it on holiday.|"
    "I had seen the film before.|It is longer than it looks.|I listened to it first.|"
    "Our teacher recommended it.|I am not the usual reader of such books."
).split("|")
REMARKS = (
    "The part about the {noun} is what one talks about afterwards.|"
    "I keep thinking of the {noun}.|The chapter on the {noun} comes early.|"
    "Do not skip the pages about the {noun}.|I did not expect the {noun}.|"
    "There is more about the {noun} than I thought."
).split("|")
"""What is said of the subject, and is neither praise nor blame."""


def phrasebook() -> np.ndarray:
    """All opinions: strings by aspect, side (0 bad, 1 good), adjective, frame."""
    told = []
    for line in ASPECTS.strip().splitlines():
        subject, verb, good, bad = line.split("|")
        words = {"It": subject, "it": subject.lower(), "is": verb}
        words["was"] = {"is": "was", "are": "were"}[verb]
        pairs = list(zip(bad.split(), good.split(), strict=True))
        pairs += [(praise, blame) for blame, praise in pairs]
        told.append([[f.format(one=a, other=b, **words) for f in FRAMES] for a, b in pairs])
    book = np.array(told, dtype=object)
    return book.reshape(len(book), 2, -1, len(FRAMES))
