"""What an import of candidates did, in lines for people."""

from collections import Counter
from collections.abc import Iterator, Sequence

from campaign.importers.candidate_import import CandidateReport
from campaign.importers.candidate_merges import Merge
from campaign.importers.candidates import EmailFault

LISTED = 10
"""How many names of a kind are listed before “and so many more”."""


def describe(report: CandidateReport, *, lists_names: bool = False) -> Iterator[str]:
    """Yield the lines of a report; ``lists_names`` names everybody, as a dry run should."""
    limit = None if lists_names else LISTED
    plan = report.plan
    yield (
        f"{report.file}: {report.candidates:,} candidates of {report.election_id} on "
        f"{report.ballots.count:,} ballots, {report.with_email:,} with an e-mail address"
    )
    yield (
        f"  added {plan.added:,} · changed {plan.changed:,} · returned {plan.returned:,} · "
        f"withdrawn {len(plan.withdrawn):,} · merged {len(plan.merged):,} · "
        f"as before {plan.unchanged:,}"
    )
    if plan.changed_fields:
        yield f"  changed: {_counts(plan.changed_fields)}"
    yield from _describe_ballots(report)
    if plan.merged:
        yield f"  merged: {_reasons(plan.merged)}"
        yield from _listed(plan.merged, limit)
    if plan.kept_apart:
        yield (
            f"  not merged: {len(plan.kept_apart):,} of whom both numbers have letters or answers; "
            "both stay, the former one withdrawn"
        )
        yield from _listed(plan.kept_apart, limit)
    if report.proposed:
        yield (
            f"  probably the same person under a new number: {_reasons(report.proposed)}; "
            "to merge them, run this again with --merge"
        )
        yield from _listed(report.proposed, limit)
    if lists_names and plan.withdrawn:
        yield "  withdrawn, as person and ballot:"
        yield from (f"    {each.person_id} on {each.ballot_id}" for each in plan.withdrawn)
    yield from _describe_emails(report)
    if report.doubles:
        yield f"  rows left out of people who are one by now: {', '.join(report.doubles[:LISTED])}"
    if report.left_out:
        yield f"  rows left out of other elections: {_counts(report.left_out)}"
    if report.changes_nothing:
        yield "  nothing has changed"


def _describe_ballots(report: CandidateReport) -> Iterator[str]:
    ballots = report.ballots
    if ballots.added:
        yield f"  new ballots: {len(ballots.added):,}"
    cancelled = [
        *ballots.cancelled,
        *(ballot_id for ballot_id, (_, is_off) in ballots.added.items() if is_off),
    ]
    if cancelled:
        yield f"  poll cancelled, nothing is sent for it: {', '.join(cancelled)}"
    if ballots.restored:
        yield f"  poll no longer cancelled, check this: {', '.join(ballots.restored)}"


def _describe_emails(report: CandidateReport) -> Iterator[str]:
    faults = report.email_faults
    if report.plan.emails_missing:
        yield (
            f"  known here, missing in the file: {report.plan.emails_missing:,} e-mail addresses, "
            f"{'dropped' if report.drops_emails else 'kept'} "
            "(--missing-emails keep or drop decides)"
        )
    if faults[EmailFault.NOT_AN_ADDRESS]:
        yield f"  not taken: {faults[EmailFault.NOT_AN_ADDRESS]:,} that are no e-mail address"
    if faults[EmailFault.PARLIAMENT]:
        yield (
            f"  not taken: {faults[EmailFault.PARLIAMENT]:,} at parliament.uk, which stop being "
            "theirs at dissolution"
        )
    if report.shared_emails:
        yield f"  addresses that several candidates share: {report.shared_emails:,}"


def _reasons(merges: Sequence[Merge]) -> str:
    return _counts(Counter(merge.reason.value for merge in merges))


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counter.most_common())


def _listed(merges: Sequence[Merge], limit: int | None) -> Iterator[str]:
    for merge in merges[:limit]:
        yield f"    {merge.name}, {merge.ballot_id}: {merge.old_id} is now {merge.new_id}"
    if limit is not None and len(merges) > limit:
        yield f"    and {len(merges) - limit:,} more; --dry-run lists all"
