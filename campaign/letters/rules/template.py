"""The organiser's frame of a letter: a closed list of fields, and variants by conditions.

Never Jinja: a template is text in which known fields are replaced, once. What supporters write
is never a template.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeVar

from campaign.letters.errors import TemplateInvalid

FIELDS = frozenset(
    {
        "candidate_name", "party", "constituency", "nation", "region", "election",
        "polling_day", "campaign", "organisation", "supporter_name",
    }
)  # fmt: skip
"""Everything that may stand between double braces."""

NAME_PLACEHOLDER = "[your name]"
"""Stands for ``supporter_name`` until the supporter has typed it; then replaced literally."""

_FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}")
_ATTRIBUTES = frozenset({"stance", "party", "party_id", "nation", "region"})
_STANCES = frozenset({"none", "mixed", "yes", "yes_with_reservations", "partly", "no", "declined"})
_ASK_STANCE = "stance:"


class Variant(Protocol):
    """What is asked of a variant here; the rows of ``template_variants`` have it."""

    @property
    def condition(self) -> Mapping[str, str]: ...


V = TypeVar("V", bound=Variant)


@lru_cache(maxsize=256)  # The few texts of the campaigns, asked for with every letter.
def check_template(text: str) -> None:
    """Raise TemplateInvalid where a text names a field that does not exist, or half a field."""
    for name in _FIELD.findall(text):
        if name not in FIELDS:
            raise TemplateInvalid(
                f"There is no field {{{{ {name} }}}}; there are: {', '.join(sorted(FIELDS))}."
            )
    if _STRAY.search(_FIELD.sub("", text)):
        raise TemplateInvalid("A field is written {{ name }}: both pairs of braces, nothing else.")


def check_condition(condition: Mapping[str, str]) -> None:
    """Raise TemplateInvalid where a variant's condition could never be asked.

    Attributes: ``party`` (name), ``party_id``, ``nation``, ``region``, ``stance`` (all asks
    together: ``none``, the one stance that was given to each, or ``mixed``) and
    ``stance:<slug of an ask>``.
    """
    for attribute, value in condition.items():
        about_stance = attribute == "stance" or attribute.startswith(_ASK_STANCE)
        if attribute not in _ATTRIBUTES and not about_stance:
            raise TemplateInvalid(
                f"A variant cannot depend on {attribute}; "
                f"it can on: {', '.join(sorted(_ATTRIBUTES))} and stance:<ask>."
            )
        if about_stance and value not in _STANCES:
            raise TemplateInvalid(
                f"There is no stance {value}; there are: {', '.join(sorted(_STANCES))}."
            )


def fill(text: str, fields: Mapping[str, str]) -> str:
    """Return the template with its fields replaced, once; raises TemplateInvalid.

    A value that looks like a field stays as it is.
    """
    check_template(text)
    return _FIELD.sub(lambda match: fields[match[1]], text)


def candidate_attributes(
    *,
    party: str,
    party_id: str,
    nation: str,
    region: str,
    stances: Mapping[str, str | None],
) -> dict[str, str]:
    """Return what conditions are asked of; ``stances`` has every ask's slug, None for no answer."""
    given = {stance or "none" for stance in stances.values()} or {"none"}
    return {
        "party": party,
        "party_id": party_id,
        "nation": nation,
        "region": region,
        "stance": given.pop() if len(given) == 1 else "mixed",
        **{f"{_ASK_STANCE}{slug}": stance or "none" for slug, stance in stances.items()},
    }


def choose_variant(variants: Iterable[V], attributes: Mapping[str, str]) -> V | None:
    """Return the first variant whose condition holds; the last of a sound list has none."""
    for variant in variants:
        if all(attributes.get(name) == value for name, value in variant.condition.items()):
            return variant
    return None
