"""What of a letter is the supporter's own, and not the template's."""

import re
from collections.abc import Iterable

from campaign.letters.rules.composition import CLOSING

WORDS_SHOWN = 300
"""Characters of a supporter's own words on the candidate's page."""

_FIELD = re.compile(r"\{\{.*?\}\}")


def own_words(letter: str, *, templates: Iterable[str], limit: int = WORDS_SHOWN) -> str:
    """Return the paragraphs of a letter that no template has, without greeting and signature.

    Shortened to ``limit`` characters at the end of a word; empty where all is the template's.
    """
    _greeting, _, rest = letter.partition("\n\n")
    text = rest.rpartition(f"\n\n{CLOSING}\n\n")[0]
    offered = [_pattern(part) for template in templates for part in _paragraphs(template)]
    own = [part for part in _paragraphs(text) if not any(each.fullmatch(part) for each in offered)]
    words = " ".join(own)
    if len(words) <= limit:
        return words
    return words[: limit - 1].rpartition(" ")[0] + "…"


def first_name(name: str) -> str:
    """Return the first word of a name: what a supporter allowed to be shown."""
    return name.split()[0] if name.split() else ""


def _paragraphs(text: str) -> list[str]:
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [part for part in parts if part]


def _pattern(paragraph: str) -> re.Pattern[str]:
    # What stood in the place of a field is not known any more, and is no word of the supporter's.
    return re.compile(".*".join(re.escape(part) for part in _FIELD.split(paragraph)))
