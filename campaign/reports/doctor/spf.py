"""SPF (RFC 7208): whether a domain's record lets an address send for it."""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from campaign.reports.doctor.resolver import Resolver

MAXIMUM_LOOKUPS = 10
"""RFC 7208, 4.6.4; receivers give up on a record that needs more."""
_MAXIMUM_HOSTS = 10
_TERM = re.compile(
    r"(?P<sign>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)"
    r"(?:[:=](?P<value>[^/\s]*(?:/(?!/?\d)[^/\s]*)*))?"
    r"(?P<prefix>/\d{1,3})?(?P<prefix6>//\d{1,3})?"
)

Address = IPv4Address | IPv6Address


class SpfResult(StrEnum):
    """What a record says of an address."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"


_RESULTS = {
    "": SpfResult.PASS,
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}


class SpfBroken(Exception):
    """Receivers make nothing of the record; the text ends a sentence about it."""


class SpfUnclear(Exception):
    """The record depends on the single message, which is not followed here."""


def find_records(resolver: Resolver, domain: str) -> list[str]:
    """Return the SPF records of a domain; there may be one at most."""
    texts = resolver.texts(domain)
    return [each for each in texts if each.casefold().split(" ")[0] == "v=spf1"]


class Evaluation:
    """One look at a record for one address, with the look-ups that it took."""

    def __init__(self, resolver: Resolver, address: str) -> None:
        self._resolver = resolver
        self._address = ip_address(address)
        self.lookups = 0

    def check(self, domain: str) -> SpfResult:
        """Return what a domain's record says; raises SpfBroken, SpfUnclear, DnsSilent."""
        found = find_records(self._resolver, domain)
        if len(found) != 1:
            raise SpfBroken(f"{domain} has {len(found)} SPF records")
        redirect = ""
        for text in found[0].split()[1:]:
            term = _TERM.fullmatch(text)
            if term is None:
                raise SpfBroken(f"“{text}” cannot be read")
            name, value = term["name"].casefold(), term["value"] or ""
            if "=" in text.partition(":")[0]:
                redirect = value if name == "redirect" else redirect
            elif self._matches(name, term, domain):
                return _RESULTS[term["sign"]]
        if not redirect:
            return SpfResult.NEUTRAL
        self._count(redirect)
        return self.check(redirect)

    def _matches(self, name: str, term: re.Match[str], domain: str) -> bool:
        value = term["value"] or ""
        match name:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._is_in(value + (term["prefix"] or ""))
            case "include":
                self._count(value)
                return self.check(value) is SpfResult.PASS
            case "a":
                self._count(value)
                return self._is_host(value or domain, term)
            case "mx":
                self._count(value)
                hosts = self._resolver.mail_hosts(value or domain)[:_MAXIMUM_HOSTS]
                return any(self._is_host(host, term) for host in hosts if host)
            case "exists":
                self._count(value)
                return bool(self._resolver.addresses(value))
            case "ptr":  # Nobody should use it, and few receivers still look.
                self._count(value)
                return False
        raise SpfBroken(f"“{term[0]}” is not known")

    def _count(self, value: str) -> None:
        if "%" in value:
            raise SpfUnclear
        self.lookups += 1
        if self.lookups > MAXIMUM_LOOKUPS:
            raise SpfBroken(f"it needs more than {MAXIMUM_LOOKUPS} look-ups")

    def _is_host(self, host: str, term: re.Match[str]) -> bool:
        prefix = term["prefix"] or ""
        if self._address.version == 6:
            prefix = (term["prefix6"] or "").removeprefix("/")
        addresses = self._resolver.addresses(host)
        return any(self._is_in(f"{each}{prefix}") for each in addresses if self._is_kin(each))

    def _is_kin(self, address: str) -> bool:
        return ip_address(address).version == self._address.version

    def _is_in(self, network: str) -> bool:
        try:
            found = ip_network(network, strict=False)
        except ValueError as error:
            raise SpfBroken(f"“{network}” is not a network") from error
        return found.version == self._address.version and self._address in found
