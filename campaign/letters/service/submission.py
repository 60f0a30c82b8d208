"""A supporter sends the form: one action, whatever is pressed twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import table_of
from campaign.elections.models import Ballot
from campaign.letters.errors import (
    LetterAlreadySent,
    LettersClosed,
    RecipientUnavailable,
    TextInvalid,
)
from campaign.letters.models import Action, Letter
from campaign.letters.queries import list_same_letters
from campaign.letters.rules import (
    LetterStatus,
    PreparedLetter,
    Writer,
    submission_digest,
)
from campaign.letters.service.acceptance import write_action
from campaign.letters.service.confirmation import confirm_action, expire_actions_of
from campaign.letters.service.confirmation_mail import queue_already_written, queue_confirmation
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.dispatch import check_open
from campaign.letters.service.mail import local_moment
from campaign.supporters.service import lock_supporter

# Made once: to put a statement together costs more than to run it.
_RECIPIENTS = (
    select(table_of(Candidacy).c.id, table_of(Candidacy).c.status, table_of(Person).c.name)
    .join_from(table_of(Candidacy), table_of(Person))
    .where(
        Candidacy.id.in_(bindparam("candidacy_ids", expanding=True)),
        Candidacy.ballot_id == bindparam("ballot_id"),
    )
)
_ACTION = select(Action).where(Action.submission_key == bindparam("key"))
_LIVING = frozenset(LetterStatus) - {LetterStatus.WITHDRAWN, LetterStatus.EXPIRED}


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What came of sending the form.

    To a browser that has not proved the address, every outcome must look the same.
    """

    action: Action | None
    """None when everything had been written before and only a mail says so."""
    is_new: bool


def submit_action(
    session: Session,
    *,
    campaign: Campaign,
    ballot: Ballot,
    writer: Writer,
    letters: Sequence[PreparedLetter],
    submission_key: str,
    is_proven: bool,
    correspondence: Correspondence,
    now: datetime,
) -> Submission:
    """Accept letters to candidates of one ballot, once, and ask for one confirmation.

    Campaign and ballot may have been read a moment ago, in another session: whatever has changed
    since then is looked at again when the letters are confirmed.
    ``is_proven`` says that this browser has shown that the address is the writer's: then the
    action is confirmed at once, and a letter written before raises LetterAlreadySent. Otherwise
    only the mail says so. Raises LettersClosed, RecipientUnavailable.
    """
    check_open(campaign, ballot.election, now)
    names = _check_recipients(
        session,
        ballot,
        letters,
        refusing=correspondence.list_refusing(
            campaign.id, [letter.candidacy_id for letter in letters]
        ),
    )
    # From here on, what this address sends elsewhere at the same moment waits.
    supporter, is_first = lock_supporter(session, email=writer.email, now=now)
    if not is_first:
        expire_actions_of(session, supporter, now=now)
    digest = submission_digest(
        key=submission_key, campaign_id=campaign.id, email=writer.email, letters=letters
    )
    known = partial(
        _bring_forward,
        session,
        campaign=campaign,
        ballot=ballot,
        is_proven=is_proven,
        correspondence=correspondence,
        now=now,
    )
    key, same = digest, []
    if not is_first:  # Somebody new has sent nothing before.
        action, key = _find_submission(session, digest)
        if action is not None:
            known(action)
            return Submission(action=action, is_new=False)
        same = list_same_letters(
            session,
            supporter_id=supporter.id,
            text_hashes={letter.candidacy_id: letter.text_hash for letter in letters},
        )
    pending = {each.action_id: each.action for each in same if not each.action.confirmed_at}
    sent = [each for each in same if each.action.confirmed_at]
    if sent and is_proven:
        raise LetterAlreadySent(_sent_before(sent, ballot))
    for earlier in pending.values():
        known(earlier)
    written = {each.candidacy_id for each in same}
    fresh = [letter for letter in letters if letter.candidacy_id not in written]
    if not fresh:
        if not pending:
            queue_already_written(
                session,
                sent,
                campaign=campaign,
                election=ballot.election,
                correspondence=correspondence,
                now=now,
            )
        return Submission(action=next(iter(pending.values()), None), is_new=False)
    action = write_action(
        session,
        campaign=campaign,
        ballot=ballot,
        supporter=supporter,
        writer=writer,
        letters=fresh,
        key=key,
        now=now,
    )
    if is_proven:
        known(action)
    else:
        queue_confirmation(
            session,
            action,
            campaign=campaign,
            election=ballot.election,
            constituency=ballot.constituency.name,
            names=[names[letter.candidacy_id] for letter in fresh],
            already=sent,
            is_first=is_first,
            correspondence=correspondence,
            now=now,
        )
    return Submission(action=action, is_new=True)


def _check_recipients(
    session: Session,
    ballot: Ballot,
    letters: Sequence[PreparedLetter],
    *,
    refusing: Collection[int],
) -> dict[int, str]:
    """Return the candidates' names by candidacy; raises RecipientUnavailable."""
    if not letters:
        raise TextInvalid("Choose at least one candidate.")
    if ballot.is_cancelled:
        raise LettersClosed("The poll in this constituency has been cancelled.")
    wanted = {letter.candidacy_id for letter in letters}
    found = session.connection().execute(
        _RECIPIENTS, {"candidacy_ids": list(wanted), "ballot_id": ballot.id}
    )
    names = {}
    for candidacy_id, status, name in found:
        if status is not CandidacyStatus.STANDING:
            raise RecipientUnavailable(f"{name} is no longer standing.")
        if candidacy_id in refusing:
            raise RecipientUnavailable(f"{name} has asked this campaign for no more letters.")
        names[candidacy_id] = name
    if len(names) != len(wanted) or len(wanted) != len(letters):
        raise RecipientUnavailable("Choose candidates who stand in this constituency, each once.")
    return names


def _find_submission(session: Session, digest: str) -> tuple[Action | None, str]:
    """Return the living action of this submission, and a key for a new one where there is none.

    What has lapsed or was taken back may be sent again, from the same page too.
    """
    key, attempt = digest, 1
    while action := session.scalar(_ACTION, {"key": key}):
        if any(letter.status in _LIVING for letter in action.letters):
            return action, key
        attempt += 1
        key = f"{digest[:40]}:{attempt}"
    return None, key


def _bring_forward(
    session: Session,
    action: Action,
    *,
    campaign: Campaign,
    ballot: Ballot,
    is_proven: bool,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Confirm an action where the browser may, or send its mail again where that is due."""
    pending = [each for each in action.letters if each.status is LetterStatus.UNCONFIRMED]
    if not pending:
        return
    # The same words may wait in another campaign, which this browser has proved nothing to.
    if is_proven and action.campaign_id == campaign.id:
        confirm_action(session, action.id, correspondence=correspondence, now=now)
    else:
        queue_confirmation(
            session,
            action,
            campaign=session.get_one(Campaign, action.campaign_id),
            election=ballot.election,
            constituency=ballot.constituency.name,
            names=[letter.candidacy.person.name for letter in pending],
            correspondence=correspondence,
            now=now,
            is_repeat=True,
        )


def _sent_before(letters: Sequence[Letter], ballot: Ballot) -> str:
    when = [
        f"{letter.candidacy.person.name} "
        f"({local_moment(letter.action.created_at, ballot.election).partition(' on ')[2]})"
        for letter in letters
    ]
    return (
        f"You have already written this letter to {', '.join(when)}. "
        "Change the text, or take the tick from those who have it."
    )
