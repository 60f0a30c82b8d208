"""What the doctor makes of DNS records, with a DNS of our own."""

from pathlib import Path
from typing import Any

import pytest

from campaign.core.config import MailSettings
from campaign.delivery.channels.keys import dns_record, make_key
from campaign.reports.doctor import dmarc, records
from campaign.reports.doctor.findings import Finding, Level
from campaign.reports.doctor.resolver import DnsSilent
from campaign.reports.doctor.spf import Evaluation, SpfBroken, SpfResult, SpfUnclear

RELAY = "relay.example.net"
DOMAIN = "skerrow.example"


class FakeDns:
    """Records by kind and name; what is not there is empty, and what is silent answers nothing."""

    def __init__(self) -> None:
        self.txt: dict[str, list[str]] = {}
        self.a: dict[str, list[str]] = {RELAY: ["198.51.100.7"]}
        self.mx: dict[str, list[str]] = {}
        self.silent: set[str] = set()

    def texts(self, name: str) -> list[str]:
        return self._answer(self.txt, name)

    def addresses(self, name: str) -> list[str]:
        return self._answer(self.a, name)

    def mail_hosts(self, name: str) -> list[str]:
        return self._answer(self.mx, name)

    def _answer(self, kind: dict[str, list[str]], name: str) -> list[str]:
        if name in self.silent or "*" in self.silent:
            raise DnsSilent(f"The DNS does not answer about {name} (Timeout).")
        return kind.get(name, [])


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> FakeDns:
    # Addresses for examples are not "global"; here they stand for those that are.
    monkeypatch.setattr(records, "_is_public", lambda address: not address.startswith("10."))
    return FakeDns()


def mail(**changes: Any) -> MailSettings:
    return MailSettings(
        **{"channel": "smtp", "host": RELAY, "sender": f"letters@{DOMAIN}", **changes}
    )


def ask(check: records.Check, dns: FakeDns, **changes: Any) -> list[Finding]:
    return list(records.with_patience(check, dns, mail(**changes)))


def one(check: records.Check, dns: FakeDns, **changes: Any) -> tuple[Level, str]:
    (finding,) = ask(check, dns, **changes)
    return finding.level, finding.text


# SPF


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:198.51.100.7 -all", SpfResult.PASS),
        ("v=spf1 ip4:198.51.100.0/24 ~all", SpfResult.PASS),
        ("V=SPF1 IP4:198.51.101.0/24 ~ALL", SpfResult.SOFTFAIL),
        ("v=spf1 ip6:2001:db8::/32 -all", SpfResult.FAIL),
        ("v=spf1 a -all", SpfResult.FAIL),
        (f"v=spf1 a:{RELAY} -all", SpfResult.PASS),
        (f"v=spf1 a:{RELAY}/16//64 -all", SpfResult.PASS),
        (f"v=spf1 -a:{RELAY} +all", SpfResult.FAIL),
        ("v=spf1 mx -all", SpfResult.PASS),
        ("v=spf1 mx:nowhere.example -all", SpfResult.FAIL),
        ("v=spf1 include:_spf.example.net -all", SpfResult.PASS),
        ("v=spf1 ?include:_spf.example.net -all", SpfResult.NEUTRAL),
        ("v=spf1 redirect=_spf.example.net", SpfResult.PASS),
        ("v=spf1 redirect=_spf.example.net -all", SpfResult.FAIL),
        ("v=spf1 exists:relay.example.net -all", SpfResult.PASS),
        ("v=spf1 ptr exp=why.example.net", SpfResult.NEUTRAL),
        ("v=spf1", SpfResult.NEUTRAL),
    ],
)
def test_a_record_is_read_as_receivers_read_it(
    dns: FakeDns, record: str, result: SpfResult
) -> None:
    dns.txt[DOMAIN] = ["other=1", record]
    dns.txt["_spf.example.net"] = ["v=spf1 ip4:198.51.100.7 -all"]
    dns.mx[DOMAIN] = [RELAY]
    assert Evaluation(dns, "198.51.100.7").check(DOMAIN) is result


def test_addresses_of_the_new_kind_are_compared_with_their_like(dns: FakeDns) -> None:
    dns.a[RELAY] = ["198.51.100.7", "2001:db8::7"]
    dns.txt[DOMAIN] = [f"v=spf1 a:{RELAY}//64 -all"]
    assert Evaluation(dns, "2001:db8::8").check(DOMAIN) is SpfResult.PASS
    assert Evaluation(dns, "2001:db8:1::8").check(DOMAIN) is SpfResult.FAIL
    assert Evaluation(dns, "198.51.100.8").check(DOMAIN) is SpfResult.FAIL


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=spf1 include:gone.example -all", "gone.example has 0 SPF records"),
        ("v=spf1 ipv4:198.51.100.7 -all", "not known"),
        ("v=spf1 ip4:198.51.100.999 -all", "not a network"),
        ("v=spf1 =? -all", "cannot be read"),
        ("v=spf1 " + "a:x.example " * 11 + "-all", "more than 10 look-ups"),
        (f"v=spf1 include:{DOMAIN} -all", "more than 10 look-ups"),
    ],
)
def test_a_record_that_receivers_give_up_on_is_a_problem(
    dns: FakeDns, record: str, fault: str
) -> None:
    dns.txt[DOMAIN] = [record]
    with pytest.raises(SpfBroken, match=fault):
        Evaluation(dns, "198.51.100.7").check(DOMAIN)
    level, text = one(records.check_spf, dns)
    assert level is Level.PROBLEM
    assert fault in text


def test_a_record_with_macros_is_not_judged(dns: FakeDns) -> None:
    dns.txt[DOMAIN] = ["v=spf1 exists:%{i}._spf.example.net -all"]
    with pytest.raises(SpfUnclear):
        Evaluation(dns, "198.51.100.7").check(DOMAIN)
    assert one(records.check_spf, dns)[0] is Level.OK


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        ([], Level.PROBLEM, "no SPF record"),
        (["v=spf10 -all"], Level.PROBLEM, "no SPF record"),
        (["v=spf1 -all", "v=spf1 a -all"], Level.PROBLEM, "2 SPF records"),
        (["v=spf1 +all"], Level.WARNING, "everybody"),
        (["v=spf1 ip4:198.51.100.7 -all"], Level.OK, "covers the addresses of relay.example.net"),
        (["v=spf1 ip4:203.0.113.5 -all"], Level.WARNING, "does not cover 198.51.100.7"),
    ],
)
def test_what_is_said_of_spf(dns: FakeDns, texts: list[str], level: Level, words: str) -> None:
    dns.txt[DOMAIN] = texts
    found, text = one(records.check_spf, dns)
    assert found is level
    assert words in text


def test_spf_is_looked_for_at_the_return_path(dns: FakeDns) -> None:
    dns.txt[f"bounce.{DOMAIN}"] = ["v=spf1 ip4:198.51.100.7 -all"]
    assert one(records.check_spf, dns, return_path_domain=f"bounce.{DOMAIN}")[0] is Level.OK
    dns.txt[DOMAIN] = ["v=spf1 -all", "v=spf1 -all"]
    both = ask(records.check_spf, dns, return_path_domain=f"bounce.{DOMAIN}")
    assert [each.level for each in both] == [Level.OK, Level.PROBLEM]


def test_a_machine_that_sends_itself_is_not_judged_by_its_inner_address(dns: FakeDns) -> None:
    dns.txt[DOMAIN] = ["v=spf1 mx -all"]
    dns.a["relay.lan"] = ["10.0.0.7"]
    for host in ("127.0.0.1", "10.0.0.7", "relay.lan"):
        level, text = one(records.check_spf, dns, host=host)
        assert level is Level.OK
        assert "cannot be known from here" in text


def test_a_service_has_its_own_return_path(dns: FakeDns) -> None:
    assert one(records.check_spf, dns, provider="ses")[0] is Level.OK
    assert ask(records.check_mx, dns, provider="ses") == []


# DKIM


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dkim") / "key.pem"
    make_key(path, is_ed25519=True)
    return path


def test_our_key_must_be_the_published_one(dns: FakeDns, key_file: Path, tmp_path: Path) -> None:
    from campaign.delivery.channels.keys import load_key

    ours = dns_record(load_key(key_file))
    other = dns_record(make_key(tmp_path / "other.pem", is_ed25519=True))
    cases = {
        Level.OK: [[ours], [ours.replace("; ", ";")], ["note", ours]],
        Level.WARNING: [[ours.replace("k=", "t=y:s; k=", 1)]],
        Level.PROBLEM: [
            [],
            [other],
            [ours, other],
            ["v=DKIM1; p="],
            [ours.replace("k=ed25519", "k=rsa", 1)],
        ],
    }
    for level, answers in cases.items():
        for texts in answers:
            dns.txt[f"spring._domainkey.{DOMAIN}"] = texts
            found, text = one(
                records.check_dkim, dns, dkim_selector="spring", dkim_key_file=key_file
            )
            assert found is level, text
            if level is Level.PROBLEM:
                assert f"campaign mail dkim-key {key_file}" in text


def test_a_key_that_others_can_read_is_named(dns: FakeDns, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    dns.txt[f"spring._domainkey.{DOMAIN}"] = [dns_record(make_key(path, is_ed25519=True))]
    settings = {"dkim_selector": "spring", "dkim_key_file": path}
    assert one(records.check_dkim, dns, **settings)[0] is Level.OK
    path.chmod(0o644)
    found = ask(records.check_dkim, dns, **settings)
    assert [each.level for each in found] == [Level.OK, Level.WARNING]
    assert "chmod 600" in found[1].text


def test_a_service_that_signs_need_not_have_us_sign(dns: FakeDns, key_file: Path) -> None:
    found = ask(
        records.check_dkim, dns, dkim_selector="s", dkim_key_file=key_file, provider="postmark"
    )
    assert [each.level for each in found][-1] in (Level.WARNING, Level.PROBLEM)


def test_without_a_key_the_relay_must_sign(dns: FakeDns) -> None:
    assert one(records.check_dkim, dns)[0] is Level.OK
    assert one(records.check_dkim, dns, host="127.0.0.1")[0] is Level.WARNING


# DMARC


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        ([], Level.WARNING, "has no DMARC record"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], Level.PROBLEM, "2 records"),
        (["v=DMARC1; rua=mailto:a@skerrow.example"], Level.PROBLEM, "mend it"),
        (["v=DMARC1; p=none"], Level.OK, "change it to quarantine"),
        (["v=DMARC1;p=Reject"], Level.OK, "p=reject; our mail can pass by SPF."),
    ],
)
def test_what_is_said_of_dmarc(dns: FakeDns, texts: list[str], level: Level, words: str) -> None:
    dns.txt[f"_dmarc.{DOMAIN}"] = texts
    found, text = one(dmarc.check_dmarc, dns)
    assert found is level
    assert words in text


def test_the_policy_of_a_domain_above_holds_below(dns: FakeDns) -> None:
    dns.txt[f"_dmarc.{DOMAIN}"] = ["v=DMARC1; p=none; sp=reject"]
    sender = f"letters@write.{DOMAIN}"
    assert "p=reject" in one(dmarc.check_dmarc, dns, sender=sender)[1]
    # Both are below the organisation, so they are one with each other.
    assert (
        one(dmarc.check_dmarc, dns, sender=sender, return_path_domain=f"bounce.{DOMAIN}")[0]
        is Level.OK
    )


def test_strict_alignment_wants_the_very_same_domain(dns: FakeDns) -> None:
    dns.txt[f"_dmarc.{DOMAIN}"] = ["v=DMARC1; p=reject; aspf=s"]
    level, text = one(dmarc.check_dmarc, dns, return_path_domain=f"bounce.{DOMAIN}")
    assert level is Level.WARNING
    assert "signs it" in text


@pytest.mark.parametrize(
    ("policy", "domain", "level"),
    [
        ("reject", DOMAIN, Level.OK),
        ("reject", "elsewhere.example", Level.PROBLEM),
        ("none", "elsewhere.example", Level.WARNING),
    ],
)
def test_one_of_spf_and_dkim_must_belong_to_from(
    dns: FakeDns, key_file: Path, policy: str, domain: str, level: Level
) -> None:
    dns.txt[f"_dmarc.{DOMAIN}"] = [f"v=DMARC1; p={policy}"]
    found, _ = one(
        dmarc.check_dmarc,
        dns,
        return_path_domain="bounces.example",
        dkim_domain=domain,
        dkim_selector="spring",
        dkim_key_file=key_file,
    )
    assert found is level


# MX


@pytest.mark.parametrize(
    ("hosts", "addresses", "level", "words"),
    [
        (["mx.example.net"], ["198.51.100.9"], Level.OK, "go to mx.example.net"),
        (["mx.example.net"], [], Level.PROBLEM, "has no address"),
        ([""], [], Level.PROBLEM, "takes no mail"),
        ([], [], Level.PROBLEM, "neither an MX record nor an address"),
    ],
)
def test_bounces_must_find_a_server(
    dns: FakeDns, hosts: list[str], addresses: list[str], level: Level, words: str
) -> None:
    dns.mx[DOMAIN], dns.a["mx.example.net"] = hosts, addresses
    found, text = one(records.check_mx, dns)
    assert found is level
    assert words in text


def test_a_domain_with_an_address_alone_takes_bounces_too(dns: FakeDns) -> None:
    dns.a[DOMAIN] = ["198.51.100.9"]
    assert one(records.check_mx, dns)[0] is Level.WARNING


# Silence


@pytest.mark.parametrize(
    "check", [records.check_spf, records.check_dkim, dmarc.check_dmarc, records.check_mx]
)
def test_a_silent_dns_is_a_warning_only(dns: FakeDns, key_file: Path, check: records.Check) -> None:
    dns.silent.add("*")
    level, text = one(check, dns, dkim_selector="spring", dkim_key_file=key_file)
    assert level is Level.WARNING
    assert "does not answer" in text


def test_a_silent_include_leaves_the_rest_unsaid(dns: FakeDns) -> None:
    dns.txt[DOMAIN] = ["v=spf1 include:_spf.example.net -all"]
    dns.silent.add("_spf.example.net")
    assert one(records.check_spf, dns)[0] is Level.WARNING


def test_the_dns_is_not_asked_where_mail_stays_here() -> None:
    assert records.are_asked_for(mail())
    assert not records.are_asked_for(mail(channel="mailbox"))
    assert not records.are_asked_for(mail(sender="letters@campaign.example.org"))
