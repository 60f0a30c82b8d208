"""How the DNS is asked: against a name server on this machine."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from campaign.reports.doctor import resolver as module
from campaign.reports.doctor.resolver import DnsResolver, DnsSilent

ZONE = {
    ("text.skerrow.example.", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("host.skerrow.example.", "A"): ["198.51.100.7"],
    ("host.skerrow.example.", "AAAA"): ["2001:db8::7"],
    ("mail.skerrow.example.", "MX"): ["20 second.example.", "10 first.example."],
    ("null.skerrow.example.", "MX"): ["0 ."],
    ("alias.skerrow.example.", "CNAME"): ["text.skerrow.example."],
}
NAMES = {name for name, _ in ZONE}


def answer(wire: bytes) -> bytes | None:
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name = question.name.to_text()
    if name.startswith("silent."):
        return None
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    if name.startswith("broken."):
        response.set_rcode(dns.rcode.SERVFAIL)
    elif name not in NAMES:
        response.set_rcode(dns.rcode.NXDOMAIN)
    kind = dns.rdatatype.to_text(question.rdtype)
    alias = ZONE.get((name, "CNAME"))
    if alias:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
        name = alias[0]
    if (name, kind) in ZONE:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *ZONE[name, kind]))
    return response.to_wire()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsResolver]:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                wire, client = server.recvfrom(4096)
                if not wire:
                    return
                if (reply := answer(wire)) is not None:
                    server.sendto(reply, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        servers = dns.resolver.Resolver(configure=False)
        servers.nameservers, servers.port = ["127.0.0.1"], server.getsockname()[1]
        yield DnsResolver(servers)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"", server.getsockname())
        thread.join(5)


def test_records_are_read(resolver: DnsResolver) -> None:
    assert sorted(resolver.texts("text.skerrow.example")) == ["other", "v=spf1 -all"]
    assert sorted(resolver.texts("alias.skerrow.example")) == ["other", "v=spf1 -all"]
    assert resolver.addresses("host.skerrow.example") == ["198.51.100.7", "2001:db8::7"]
    assert resolver.mail_hosts("mail.skerrow.example") == ["first.example", "second.example"]
    assert resolver.mail_hosts("null.skerrow.example") == [""]


def test_what_is_not_there_is_an_empty_answer(resolver: DnsResolver) -> None:
    assert resolver.texts("nowhere.skerrow.example") == []
    assert resolver.texts("host.skerrow.example") == []
    assert resolver.mail_hosts("host.skerrow.example") == []


@pytest.mark.parametrize(
    "name", ["silent.skerrow.example", "broken.skerrow.example", "a" * 70 + ".example", "a..b"]
)
def test_what_is_not_answered_is_said_to_be_silence(resolver: DnsResolver, name: str) -> None:
    with pytest.raises(DnsSilent, match="does not answer"):
        resolver.texts(name)
