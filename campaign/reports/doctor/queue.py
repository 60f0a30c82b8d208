"""Whether what is due leaves: the worker, the outbox, the kill switches."""

from collections.abc import Iterator
from datetime import timedelta

from campaign.delivery import queries
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus
from campaign.reports.backlog import describe_backlog
from campaign.reports.doctor.findings import Case, Finding, Level, age, count
from campaign.reports.office_delivery import list_ramp_warnings

LONGEST_SILENCE = timedelta(minutes=3)
"""A worker shows that it lives every ten seconds, and rests for a minute at most."""
LONGEST_WAITS = {
    Lane.CONFIRMATION: timedelta(minutes=5),
    Lane.NOTICE: timedelta(minutes=15),
    Lane.LETTER: timedelta(minutes=15),
}
"""Waits after the due time that somebody should look into."""
_WORDS = {
    Lane.CONFIRMATION: ("confirmation mail is", "confirmation mails are"),
    Lane.NOTICE: ("notice is", "notices are"),
    Lane.LETTER: ("letter is", "letters are"),
}


def check_worker(case: Case) -> Iterator[Finding]:
    """Say when a worker was last alive."""
    seen_at = queries.find_last_heartbeat(case.session)
    # Without mail to send, a worker that is not there hurts nobody yet.
    level = Level.PROBLEM if queries.count_due(case.session, case.now) else Level.WARNING
    if seen_at is None:
        yield Finding(level, "No delivery worker has run; start one: campaign deliver")
    elif case.now - seen_at > LONGEST_SILENCE:
        yield Finding(
            level,
            f"The delivery worker was last seen {age(case.now - seen_at)} ago; "
            "run: campaign deliver",
        )
    else:
        yield Finding(Level.OK, "The delivery worker is alive.")


def check_queue(case: Case) -> Iterator[Finding]:
    """Say for each lane what is due and since when."""
    lanes = queries.measure_due(case.session, case.now)
    if not lanes:
        yield Finding(Level.OK, "No message is waiting to be sent.")
    for lane, (due, oldest) in lanes.items():
        waited = case.now - oldest
        text = f"{count(due, *_WORDS[lane])} due, the oldest since {age(waited)}."
        if waited > LONGEST_WAITS[lane]:
            yield Finding(
                Level.PROBLEM, f"{text} See what the worker's log says, or run a second worker."
            )
        else:
            yield Finding(Level.OK, text)


def check_failed(case: Case) -> Iterator[Finding]:
    """Say what could not be delivered for good."""
    counts = queries.count_messages_by_status(case.session)
    failed, total = counts[MessageStatus.FAILED], sum(counts.values())
    if not failed:
        yield Finding(Level.OK, f"None of {count(total, 'message', 'messages')} has failed.")
        return
    yield Finding(
        Level.WARNING,
        f"{failed:,} of {count(total, 'message', 'messages')} could not be delivered; each is "
        "listed with its reason and can be tried again: letters on the page Delivery of their "
        "campaign, confirmations and notices on Delivery of all campaigns.",
    )


def check_limits(case: Case) -> Iterator[Finding]:
    """Say how many letters wait because their recipient has had enough for now."""
    waiting = queries.count_letters_not_due(case.session, case.now)
    mail = case.settings.mail
    yield Finding(
        Level.OK,
        f"{count(waiting, 'letter waits', 'letters wait')} for their time; each address gets "
        f"{mail.letters_per_hour} an hour and {mail.letters_per_day} a day at most.",
    )


def check_backlog(case: Case) -> Iterator[Finding]:
    """Say whether what waits can leave before the polls close."""
    is_in_time, text = describe_backlog(case.session, mail=case.settings.mail, now=case.now)
    yield Finding(Level.OK if is_in_time else Level.WARNING, text)


def check_ramps(case: Case) -> Iterator[Finding]:
    """Say which new campaigns have stopped because too many first letters came back."""
    for text in list_ramp_warnings(case.session):
        yield Finding(Level.PROBLEM, text)


def check_pauses(case: Case) -> Iterator[Finding]:
    """Say which kill switches are on."""
    for pause in queries.list_pauses(case.session):
        what = "All mail" if pause.scope == ALL_SCOPES else f"Mail of {pause.scope}"
        since = f"{what} is paused since {pause.paused_at:%d %B %Y %H:%M} UTC"
        if pause.ends_at is None:
            yield Finding(
                Level.WARNING, f"{since}. It goes on when somebody resumes it on the page Delivery."
            )
        else:
            # Nobody chose this one: the relay refuses us until somebody mends something.
            yield Finding(
                Level.PROBLEM,
                f"{since}: {pause.reason} Tried again at {pause.ends_at:%H:%M} UTC, "
                "or as soon as an owner resumes delivery.",
            )
