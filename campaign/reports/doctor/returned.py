"""Whether what comes back reaches us, and whether somebody looks at it."""

from collections.abc import Iterator
from datetime import timedelta

from campaign.candidates.queries import list_open_repairs
from campaign.core.config import WebhookSettings
from campaign.delivery import queries
from campaign.delivery.returns import PROBE_PATIENCE, Provider
from campaign.delivery.rules import MessageStatus
from campaign.reports.doctor.findings import Case, Finding, Level, age, count

ENOUGH_SENT = 100
"""Messages after which something should have come back: in every list some address is dead."""
OLD_PROBE = timedelta(days=30)
_NAMES = {
    Provider.SES: "Amazon SES",
    Provider.POSTMARK: "Postmark",
    Provider.MAILGUN: "Mailgun",
    Provider.SENDGRID: "SendGrid",
}


def check_bounces(case: Case) -> Iterator[Finding]:
    """Say what of the returned mail waits for a person."""
    undecided = len(queries.list_undecided_events(case.session))
    repairs = len(list_open_repairs(case.session))
    if undecided:
        yield Finding(
            Level.WARNING,
            f"{count(undecided, 'bounce', 'bounces')} that no program can read: "
            "decide on the page Returned mail.",
        )
    if repairs:
        yield Finding(
            Level.WARNING,
            f"{count(repairs, 'candidate', 'candidates')} whose address does not work: "
            "letters wait until it is corrected under Addresses to repair.",
        )
    if not undecided and not repairs:
        yield Finding(Level.OK, "No returned mail waits for a person.")


def check_webhooks(case: Case) -> Iterator[Finding]:
    """Say whether the mail services that should report have ever done so."""
    heard = queries.map_last_events(case.session)
    probe = queries.find_last_probe(case.session)
    if probe is not None and probe.returned_by is not None and probe.returned_at is not None:
        heard.setdefault(probe.returned_by, probe.returned_at)
    sent = queries.count_messages_by_status(case.session)[MessageStatus.SENT]
    for provider in _list_expected(case.settings.webhooks):
        name = _NAMES[provider]
        if provider in heard:
            yield Finding(
                Level.OK, f"{name} last reported something {age(case.now - heard[provider])} ago."
            )
            continue
        yield Finding(
            Level.WARNING if sent >= ENOUGH_SENT else Level.OK,
            f"{name} has never reported anything, after {count(sent, 'message', 'messages')}. "
            f"Send a test event to /webhooks/{provider}, or run: campaign doctor --probe",
        )
    chosen = case.settings.mail.provider
    if chosen and chosen not in _list_expected(case.settings.webhooks):
        yield Finding(
            Level.PROBLEM,
            f"MAIL_PROVIDER is {chosen}, and nothing lets it report: bounces are not heard of. "
            "Set up its webhook as docs/operating.md says.",
        )


def check_return_path(case: Case) -> Iterator[Finding]:
    """Say whether anything has ever come back to the return path."""
    if case.settings.mail.provider or case.settings.mail.channel != "smtp":
        return
    last = queries.map_last_events(case.session).get(Provider.MAIL)
    probe = queries.find_last_probe(case.session)
    sent = queries.count_messages_by_status(case.session)[MessageStatus.SENT]
    if last is not None:
        yield Finding(
            Level.OK, f"The return path last brought something {age(case.now - last)} ago."
        )
    elif probe is not None and probe.returned_at is not None:
        yield Finding(Level.OK, "The return path works, though nothing real has come back yet.")
    else:
        yield Finding(
            Level.WARNING if sent >= ENOUGH_SENT else Level.OK,
            "Nothing has ever come back to the return path, after "
            f"{count(sent, 'message', 'messages')}. Try it: campaign doctor --probe",
        )


def check_probe(case: Case) -> Iterator[Finding]:
    """Say what became of the last probe."""
    if case.settings.mail.channel != "smtp":
        return
    probe = queries.find_last_probe(case.session)
    if probe is None:
        yield Finding(
            Level.WARNING,
            "The way back was never tried. Before the first letter run: campaign doctor --probe",
        )
        return
    sent = f"The last probe, sent {age(case.now - probe.sent_at)} ago,"
    if probe.returned_at is not None:
        text = f"{sent} came back within {age(probe.returned_at - probe.sent_at)}."
        if case.now - probe.sent_at > OLD_PROBE:
            yield Finding(Level.WARNING, f"{text} Try again: campaign doctor --probe")
        else:
            yield Finding(Level.OK, text)
    elif case.now - probe.sent_at > PROBE_PATIENCE:
        yield Finding(
            Level.PROBLEM,
            f"{sent} has not come back: bounces may be lost. docs/sending-mail.md says "
            "where to look; then try again: campaign doctor --probe",
        )
    else:
        yield Finding(Level.OK, f"{sent} is still on its way.")


def _list_expected(webhooks: WebhookSettings) -> list[Provider]:
    secrets = {
        Provider.SES: webhooks.ses_topic,
        Provider.POSTMARK: webhooks.postmark_secret,
        Provider.MAILGUN: webhooks.mailgun_key,
        Provider.SENDGRID: webhooks.sendgrid_key,
    }
    return [provider for provider, secret in secrets.items() if secret]
