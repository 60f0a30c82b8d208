"""DMARC: what a domain asks of receivers, and which domains count as one with it."""

from dataclasses import dataclass

from campaign.reports.doctor.resolver import Resolver

_ACTIONS = ("none", "quarantine", "reject")
_DEEPEST = 8


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What holds for mail with a domain in From."""

    domain: str
    """Where the record stands: the domain itself, or one above it."""
    organisation: str
    """The highest domain with a record: what is below it counts as one with it."""
    action: str = "none"
    is_spf_strict: bool = False
    is_dkim_strict: bool = False
    fault: str = ""
    """Why receivers make nothing of the record; empty where they do."""


def find_policy(resolver: Resolver, domain: str) -> Policy | None:
    """Return the policy for a domain, looked for there and then upwards; raises DnsSilent."""
    labels = domain.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels) - 1)][:_DEEPEST]
    found = {each: records for each in above if (records := _records(resolver, each))}
    if not found:
        return None
    nearest, highest = next(iter(found)), list(found)[-1]
    records = found[nearest]
    if len(records) > 1:
        fault = f"there are {len(records)} records, so receivers use none; keep one."
        return Policy(domain=nearest, organisation=highest, fault=fault)
    tags = parse_tags(records[0])
    action = tags.get("p", "")
    if nearest != domain:
        action = tags.get("sp", action)
    if action.casefold() not in _ACTIONS:
        fault = "the record has no p=none, p=quarantine or p=reject; mend it."
        return Policy(domain=nearest, organisation=highest, fault=fault)
    return Policy(
        domain=nearest,
        organisation=highest,
        action=action.casefold(),
        is_spf_strict=tags.get("aspf", "r").casefold() == "s",
        is_dkim_strict=tags.get("adkim", "r").casefold() == "s",
    )


def are_aligned(other: str, domain: str, *, policy: Policy, is_strict: bool) -> bool:
    """Tell whether a domain that was proved speaks for the one in From.

    Relaxed: both are in one organisation. Without a list of public suffixes that is the highest
    domain with a record, and any domain above or below the other.
    """
    if is_strict or other == domain:
        return other == domain
    return (
        _is_below(other, domain)
        or _is_below(domain, other)
        or all(
            each == policy.organisation or _is_below(each, policy.organisation)
            for each in (other, domain)
        )
    )


def parse_tags(record: str) -> dict[str, str]:
    """Return the tags of a DKIM or DMARC record; of one that stands twice the first."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, _, value = part.partition("=")
        tags.setdefault(name.strip().casefold(), value.strip())
    return tags


def _records(resolver: Resolver, domain: str) -> list[str]:
    texts = resolver.texts(f"_dmarc.{domain}")
    return [each for each in texts if each.replace(" ", "").casefold().startswith("v=dmarc1")]


def _is_below(domain: str, other: str) -> bool:
    return domain.endswith(f".{other}")
