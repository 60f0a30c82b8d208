"""Questions to the DNS, with short patience."""

from typing import TYPE_CHECKING, Any, Protocol

from campaign.core.errors import CampaignError

if TYPE_CHECKING:
    import dns.resolver

PATIENCE_SECONDS = 4.0
"""For one question, with all servers that are tried."""


class DnsSilent(CampaignError):
    """The DNS gave no answer, which says nothing about what it holds."""


class Resolver(Protocol):
    """What the doctor asks; a name that holds nothing gives an empty list.

    Each raises DnsSilent where no server answers.
    """

    def texts(self, name: str) -> list[str]: ...
    def addresses(self, name: str) -> list[str]: ...
    def mail_hosts(self, name: str) -> list[str]: ...


class DnsResolver:
    """The servers that this machine uses, or others."""

    def __init__(self, servers: "dns.resolver.Resolver | None" = None) -> None:
        self._servers = servers

    def texts(self, name: str) -> list[str]:
        """Return the TXT records, each in one piece."""
        found = self._ask(name, "TXT")
        return [b"".join(each.strings).decode("utf-8", "replace") for each in found]

    def addresses(self, name: str) -> list[str]:
        """Return the IPv4 and IPv6 addresses."""
        return [each.address for kind in ("A", "AAAA") for each in self._ask(name, kind)]

    def mail_hosts(self, name: str) -> list[str]:
        """Return the hosts of the MX records without their last dot, the preferred one first.

        A domain that takes no mail (RFC 7505) has one host without a name.
        """
        ordered = sorted(self._ask(name, "MX"), key=lambda each: int(each.preference))
        return [each.exchange.to_text(omit_final_dot=True).strip(".") for each in ordered]

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.resolver

        try:
            servers = self._servers or dns.resolver.get_default_resolver()
            answer = servers.resolve(
                f"{name}.", kind, lifetime=PATIENCE_SECONDS, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise DnsSilent(
                f"The DNS does not answer about {name} ({type(error).__name__})."
            ) from error
        return list(answer.rrset or ())
