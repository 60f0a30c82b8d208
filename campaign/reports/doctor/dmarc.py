"""DMARC: what a domain asks of receivers, and which domains count as one with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from campaign.core.config import MailSettings
from campaign.reports.doctor.findings import Finding, Level
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


def check_dmarc(resolver: Resolver, mail: MailSettings) -> Iterator[Finding]:
    """Say what receivers are told to do, and whether our mail passes."""
    domain = mail.sender_domain
    policy = find_policy(resolver, domain)
    if policy is None:
        yield Finding(
            Level.WARNING,
            f"{domain} has no DMARC record, which large mailbox providers ask for. Publish at "
            f"_dmarc.{domain} for a start: “v=DMARC1; p=none; rua=mailto:…” with an address of "
            "yours that takes reports.",
        )
        return
    if policy.fault:
        yield Finding(Level.PROBLEM, f"DMARC at _dmarc.{policy.domain}: {policy.fault}")
        return
    yield _alignment(policy, mail)


def _alignment(policy: Policy, mail: MailSettings) -> Finding:
    domain = mail.sender_domain
    by_spf = not mail.provider and are_aligned(
        mail.envelope_domain, domain, policy=policy, is_strict=policy.is_spf_strict
    )
    signs = mail.dkim_key_file is not None
    by_dkim = signs and are_aligned(
        mail.signing_domain, domain, policy=policy, is_strict=policy.is_dkim_strict
    )
    asked = f"DMARC of {domain} is p={policy.action}"
    if by_spf or by_dkim:
        means = " and ".join(
            word for word, counts in (("SPF", by_spf), ("DKIM", by_dkim)) if counts
        )
        hint = "" if by_dkim or not signs else " DKIM_DOMAIN is not the domain in From."
        later = (
            " Once the reports are clean, change it to quarantine."
            if policy.action == "none"
            else ""
        )
        return Finding(Level.OK, f"{asked}; our mail can pass by {means}.{hint}{later}")
    if not signs:
        level = Level.OK if mail.provider else Level.WARNING
        return Finding(
            level,
            f"{asked}; our mail passes only if {mail.host} signs it for {domain}. "
            "See in a message that arrived whether it says dmarc=pass.",
        )
    return Finding(
        Level.WARNING if policy.action == "none" else Level.PROBLEM,
        f"{asked}, and neither the return path ({mail.envelope_domain}) nor our signature "
        f"({mail.signing_domain}) belongs to {domain}: set MAIL_RETURN_PATH_DOMAIN or DKIM_DOMAIN.",
    )


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
