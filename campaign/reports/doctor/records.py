"""What the DNS says of our mail: SPF, DKIM, DMARC, and where bounces go."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from campaign.core.config import MailSettings
from campaign.delivery.channels.keys import algorithm, load_key, public_part
from campaign.reports.doctor.dmarc import parse_tags
from campaign.reports.doctor.findings import Finding, Level
from campaign.reports.doctor.mail_server import LOOPBACK
from campaign.reports.doctor.resolver import DnsSilent, Resolver
from campaign.reports.doctor.spf import (
    Evaluation,
    SpfBroken,
    SpfResult,
    SpfUnclear,
    find_records,
)

Check = Callable[[Resolver, MailSettings], Iterator[Finding]]

_NOBODY = "192.0.2.1"
"""An address of RFC 5737 that sends for nobody: for it a record is read to its end."""


def are_asked_for(mail: MailSettings) -> bool:
    """Tell whether the DNS is worth asking: mail leaves, and not under the example's name."""
    return mail.channel == "smtp" and not mail.sender_domain.endswith(".example.org")


def with_patience(check: Check, resolver: Resolver, mail: MailSettings) -> Iterator[Finding]:
    """Yield what a check finds; a DNS that does not answer is not a fault of the records."""
    try:
        yield from check(resolver, mail)
    except DnsSilent as silence:
        yield Finding(Level.WARNING, f"{silence} Nothing is known; try again later.")


def check_spf(resolver: Resolver, mail: MailSettings) -> Iterator[Finding]:
    """Say whether the record of the return path's domain is sound and covers who sends."""
    domain = mail.envelope_domain
    if mail.provider:
        yield Finding(
            Level.OK,
            f"The mail service sends with a return path of its own, so SPF of {domain} counts for "
            "nothing; set up at the service the return path that it offers under your domain.",
        )
        return
    yield _spf_of(resolver, domain, mail.host)
    if mail.sender_domain != domain and len(find_records(resolver, mail.sender_domain)) > 1:
        yield Finding(
            Level.PROBLEM, f"{mail.sender_domain} has several SPF records; merge them into one."
        )


def _spf_of(resolver: Resolver, domain: str, host: str) -> Finding:
    sender = "this machine" if host in LOOPBACK else host
    found = find_records(resolver, domain)
    if not found:
        example = "v=spf1 ip4:… -all" if host in LOOPBACK else "v=spf1 include:… -all"
        return Finding(
            Level.PROBLEM,
            f"{domain} has no SPF record. Mail is handed to {sender}: publish a TXT record that "
            f"covers the addresses from which it sends, such as “{example}”.",
        )
    if len(found) > 1:
        return Finding(
            Level.PROBLEM,
            f"{domain} has {len(found)} SPF records, so receivers use none; merge them into one.",
        )
    try:
        whole = Evaluation(resolver, _NOBODY)
        if whole.check(domain) is SpfResult.PASS:
            return Finding(
                Level.WARNING,
                f"SPF of {domain} lets everybody send in its name; end it with -all or ~all.",
            )
        addresses = _addresses_of(resolver, host)
        uncovered = [
            address
            for address in addresses
            if Evaluation(resolver, address).check(domain) is not SpfResult.PASS
        ]
    except SpfBroken as fault:
        return Finding(
            Level.PROBLEM, f"Receivers make nothing of SPF of {domain}: {fault}. Mend the record."
        )
    except SpfUnclear:
        return Finding(
            Level.OK,
            f"SPF of {domain} is there and decides by the single message; "
            f"see in a message that arrived whether it says spf=pass for {sender}.",
        )
    if not addresses:
        return Finding(
            Level.OK,
            f"SPF of {domain} is there. It must cover the public address of {sender}, which cannot "
            "be known from here; see in a message that arrived whether it says spf=pass.",
        )
    if uncovered:
        return Finding(
            Level.WARNING,
            f"SPF of {domain} does not cover {', '.join(uncovered)}, where {host} takes our mail. "
            "It may send from other addresses: ask its provider what the record must include.",
        )
    return Finding(
        Level.OK,
        f"SPF of {domain} covers the addresses of {host}. Whether it sends from others "
        "only its provider knows.",
    )


def _addresses_of(resolver: Resolver, host: str) -> list[str]:
    """Return a relay's public addresses; none where it is this machine or in our own network."""
    if host in LOOPBACK:
        return []
    try:
        ip_address(host)
    except ValueError:
        return [each for each in resolver.addresses(host) if _is_public(each)]
    return [host] if _is_public(host) else []


def _is_public(address: str) -> bool:
    return ip_address(address).is_global


def check_dkim(resolver: Resolver, mail: MailSettings) -> Iterator[Finding]:
    """Say whether receivers find the key that belongs to our signature."""
    if mail.dkim_key_file is None:
        yield _unsigned(mail)
        return
    name = f"{mail.dkim_selector}._domainkey.{mail.signing_domain}"
    again = f"print it with: campaign mail dkim-key {mail.dkim_key_file}"
    found = [text for text in resolver.texts(name) if "p=" in text]
    if len(found) != 1:
        how_many = "is no DKIM record" if not found else f"are {len(found)} DKIM records"
        yield Finding(Level.PROBLEM, f"There {how_many} at {name}. Publish one; {again}")
        return
    key, tags = load_key(mail.dkim_key_file), parse_tags(found[0])
    published = "".join(tags.get("p", "").split())
    if not published:
        yield Finding(Level.PROBLEM, f"The DKIM record at {name} revokes the key; {again}")
    elif published != public_part(key) or tags.get("k", "rsa") != algorithm(key):
        yield Finding(
            Level.PROBLEM, f"The DKIM record at {name} holds another key than ours; {again}"
        )
    elif "y" in tags.get("t", "").split(":"):
        yield Finding(
            Level.WARNING, f"The DKIM record at {name} says t=y, only a test; take that out."
        )
    else:
        yield Finding(Level.OK, f"The DKIM record at {name} holds the key with which we sign.")
    if mail.dkim_key_file.stat().st_mode & 0o077:
        yield Finding(
            Level.WARNING,
            f"Others on this machine can read {mail.dkim_key_file}, and sign in our name; "
            f"run: chmod 600 {mail.dkim_key_file}",
        )
    if mail.provider:
        yield Finding(
            Level.WARNING,
            "The mail service may change what we have signed, and signs itself; "
            "where it does for your domain, take DKIM_SELECTOR and DKIM_KEY_FILE out.",
        )


def _unsigned(mail: MailSettings) -> Finding:
    if mail.host in LOOPBACK and not mail.provider:
        return Finding(
            Level.WARNING,
            "Nothing signs our mail here, unless the mail server on this machine does. "
            "To sign it ourselves: campaign mail dkim-key FILE",
        )
    return Finding(
        Level.OK,
        f"We do not sign; {mail.host} should, for {mail.sender_domain}. "
        "See in a message that arrived whether it says dkim=pass for this domain.",
    )


def check_mx(resolver: Resolver, mail: MailSettings) -> Iterator[Finding]:
    """Say whether bounces find a server."""
    domain = mail.envelope_domain
    if mail.provider:
        return
    hosts = resolver.mail_hosts(domain)
    if hosts == [""]:
        yield Finding(
            Level.PROBLEM, f"{domain} says that it takes no mail, so no bounce can come back."
        )
    elif dead := [host for host in hosts if not resolver.addresses(host)]:
        yield Finding(
            Level.PROBLEM,
            f"{', '.join(dead)}, to which the MX records of {domain} lead, has no address.",
        )
    elif hosts:
        yield Finding(Level.OK, f"Bounces to {domain} go to {', '.join(hosts)}.")
    elif resolver.addresses(domain):
        yield Finding(
            Level.WARNING,
            f"{domain} has no MX record; bounces go to its own address. "
            "Publish one that names the server that takes them.",
        )
    else:
        yield Finding(
            Level.PROBLEM,
            f"{domain} has neither an MX record nor an address, so no bounce can come back. "
            "Publish an MX record, or set MAIL_RETURN_PATH_DOMAIN.",
        )
