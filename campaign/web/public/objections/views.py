"""Behind a candidate's link: what others recorded for them, and how they object."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.followups.record import object_by_link
from campaign.pledges.errors import AlreadyDecided, PledgeEventNotFound
from campaign.pledges.queries import HistoryEntry, list_person_history
from campaign.pledges.rules import STATEMENT_LIMIT
from campaign.pledges.service import AnswerDoor
from campaign.web.public.objections.forms import ObjectionForm
from campaign.web.shared.answer_doors import keep_private, open_door
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.limits import ANSWER, limited

blueprint = Blueprint("objections", __name__, url_prefix="/answer/<token>")
blueprint.after_request(keep_private)


@blueprint.get("/record")
def show(token: str) -> str:
    """Show everything public that is recorded for the candidate, with who entered it."""
    door = open_door(token)
    return render_template(
        "public/objections/show.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        history=_history(door)[::-1],
        is_noted=request.args.get("noted") == "1",
        is_mailed=request.args.get("mailed") == "1",
    )


@blueprint.get("/object/<int:sequence>")
def object_(token: str, sequence: int) -> str:
    """Say what an objection does; the button is on this page."""
    door = open_door(token)
    return _page(token, door, _entry(door, sequence), ObjectionForm())


@blueprint.post("/object/<int:sequence>")
@limited(ANSWER)
def object_submit(token: str, sequence: int) -> BaseResponse:
    """Mark an entry as disputed by the candidate, at once; of a second press it is said so."""
    door = open_door(token)
    entry = _entry(door, sequence)
    form = ObjectionForm()
    if not form.validate() or request.form.get("step") == "change":
        return make_response(_page(token, door, entry, form), 422 if form.errors else 200)
    try:
        decision = object_by_link(
            toolkit(),
            session(),
            door,
            event_id=entry.event_id,
            words=form.words.data or "",
            now=now(),
        )
    except AlreadyDecided:
        return make_response(_page(token, door, _entry(door, sequence), form), 409)
    mailed = 1 if decision.is_candidate_told else None
    return redirect(url_for(".show", token=token, noted=1, mailed=mailed), code=303)


def _history(door: AnswerDoor) -> list[HistoryEntry]:
    # The candidate sees hidden texts too: they are their own, or about them.
    history = list_person_history(session(), door.campaign.id, door.candidacy)
    return [entry for entry in history if entry.is_public]


def _entry(door: AnswerDoor, sequence: int) -> HistoryEntry:
    for entry in _history(door):
        if entry.sequence == sequence:
            return entry
    raise PledgeEventNotFound("There is no entry of this number.")


def _page(token: str, door: AnswerDoor, entry: HistoryEntry, form: ObjectionForm) -> str:
    return render_template(
        "public/objections/object.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        entry=entry,
        form=form,
        statement_limit=STATEMENT_LIMIT,
    )
