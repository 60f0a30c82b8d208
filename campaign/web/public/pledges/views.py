"""The page behind a candidate's personal link: answer, change, withdraw, ask for less mail."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.core.errors import NotFound
from campaign.core.languages import Language
from campaign.followups.answers import keep_answer, publish_answers, withdraw_answer
from campaign.followups.candidate_mail import is_reachable
from campaign.followups.changes import confirm_changes, dispute_changes, show_changes
from campaign.followups.requests import note_candidate_request
from campaign.pledges.queries import list_open_changes
from campaign.pledges.rules import (
    PAGE_REQUESTS,
    STATEMENT_LIMIT,
    TAKES_EFFECT,
    Channel,
    RequestKind,
)
from campaign.pledges.service import (
    AnswerDoor,
    choose_language,
    open_change_link,
    open_dispute_link,
)
from campaign.reports.candidate_record import AskRecord, CandidateRecord, build_candidate_record
from campaign.reports.voices import list_voices
from campaign.web.public.pledges.forms import AnswerForm, ConfirmForm, answer_form
from campaign.web.shared.answer_doors import keep_private, open_door, speak_to
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.languages import speak
from campaign.web.shared.limits import ANSWER, FORM, limited

blueprint = Blueprint("pledges", __name__)
blueprint.after_request(keep_private)

_SWITCHES = {f"language-{language}": language for language in Language}
"""The steps that change the language; what is typed in the form so far comes back with it."""


def is_publishing() -> bool:
    """Tell whether the button that publishes was pressed, not one that looks over or changes."""
    return request.form.get("step") == "publish"


@blueprint.get("/answer/<token>/")
def answer(token: str) -> str:
    """Show what is asked, with what the candidate has answered before."""
    door, record = _open(token)
    return _answer_page(token, door, record, answer_form(record.asks))


@blueprint.post("/answer/<token>/")
@limited(ANSWER, when=is_publishing)
@limited(FORM)
def answer_submit(token: str) -> BaseResponse:
    """Show the answers as the public will see them; publish them when that was the button."""
    door, record = _open(token)
    form = answer_form(record.asks, may_repeat=is_publishing())
    step = request.form.get("step", "preview")
    if step in _SWITCHES:
        _choose(door, _SWITCHES[step])
        return make_response(_answer_page(token, door, record, form))
    if not form.validate():
        return make_response(_answer_page(token, door, record, form), 422)
    if step == "edit":
        return make_response(_answer_page(token, door, record, form))
    if step == "publish":
        publish_answers(toolkit(), session(), door, form.changes(), now=now())
        return redirect(url_for("pledges.receipt", token=token), code=303)
    page = render_template(
        "public/pledges/preview.html",
        token=token, campaign=door.campaign, candidacy=door.candidacy, record=record, form=form,
        changes={given.ask_id: given for given in form.changes()},
        address=_address(door),
    )  # fmt: skip
    return make_response(page)


@blueprint.get("/answer/<token>/receipt")
def receipt(token: str) -> str:
    """Show what the record has of the candidate after a change."""
    door, record = _open(token)
    return render_template(
        "public/pledges/receipt.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        record=record,
        pending=_pending(door),
        address=_address(door),
    )


@blueprint.get("/answer/<token>/withdraw/<ask_slug>")
def withdraw(token: str, ask_slug: str) -> str:
    """Say what withdrawing an answer does; the button is on this page."""
    door, record = _open(token)
    return render_template(
        "public/pledges/withdraw.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        ask_record=_ask_record(record, ask_slug),
        address=_address(door),
        form=ConfirmForm(),
    )


@blueprint.post("/answer/<token>/withdraw/<ask_slug>")
@limited(ANSWER)
def withdraw_submit(token: str, ask_slug: str) -> BaseResponse:
    """Ask for an answer to be taken back."""
    door, record = _open(token)
    ask_id = _ask_record(record, ask_slug).ask.id
    withdraw_answer(toolkit(), session(), door, ask_id=ask_id, now=now())
    return redirect(url_for("pledges.receipt", token=token), code=303)


@blueprint.post("/answer/<token>/keep/<ask_slug>")
@limited(ANSWER)
def keep_submit(token: str, ask_slug: str) -> BaseResponse:
    """Drop a change that waits, so that the answer stays as it is."""
    door, record = _open(token)
    keep_answer(session(), door, ask_id=_ask_record(record, ask_slug).ask.id, now=now())
    return redirect(url_for("pledges.answer", token=token), code=303)


@blueprint.get("/answer/change/<token>/")
def change(token: str) -> str:
    """Show what a mail's link would change; the button is on this page."""
    door = open_change_link(session(), toolkit().signer, token, now=now())
    speak_to(door)
    return render_template(
        "public/pledges/change.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        changes=show_changes(session(), door.campaign, door.candidacy, door.changes),
        form=ConfirmForm(),
    )


@blueprint.post("/answer/change/<token>/")
@limited(ANSWER)
def change_submit(token: str) -> str:
    """Let the changes take effect."""
    door, outcomes = confirm_changes(toolkit(), session(), token, now=now())
    speak_to(door)
    return render_template(
        "public/pledges/change.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        changes=[],
        is_done=any(each in TAKES_EFFECT for each in outcomes),
        has_lapsed=any(each not in TAKES_EFFECT for each in outcomes),
        form=ConfirmForm(),
    )


@blueprint.get("/answer/not-me/<token>/")
def dispute(token: str) -> str:
    """Say what objecting to a change does; the button is on this page."""
    door = open_dispute_link(session(), toolkit().signer, token, now=now())
    speak_to(door)
    return render_template(
        "public/pledges/dispute.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        changes=show_changes(session(), door.campaign, door.candidacy, door.changes),
        form=ConfirmForm(),
    )


@blueprint.post("/answer/not-me/<token>/")
@limited(ANSWER)
def dispute_submit(token: str) -> str:
    """Drop the changes, end the old link and tell the organisers."""
    door = dispute_changes(toolkit(), session(), token, now=now())
    speak_to(door)
    return render_template(
        "public/pledges/dispute.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        changes=door.changes,
        is_done=True,
        form=ConfirmForm(),
    )


@blueprint.get("/answer/<token>/request/<kind>")
def ask_for(token: str, kind: str) -> str:
    """Say what a request to the organisers does; the button is on this page."""
    return _request_page(token, open_door(token), _kind(kind))


@blueprint.post("/answer/<token>/request/<kind>")
@limited(ANSWER)
def ask_for_submit(token: str, kind: str) -> str:
    """Note the request and say what happens next."""
    door = open_door(token)
    note_candidate_request(toolkit(), session(), door, kind=_kind(kind), now=now())
    return _request_page(token, door, _kind(kind), is_done=True)


def _open(token: str) -> tuple[AnswerDoor, CandidateRecord]:
    door = open_door(token)
    return door, build_candidate_record(session(), door.campaign, door.candidacy)


def _choose(door: AnswerDoor, language: Language) -> None:
    choose_language(
        session(),
        campaign_id=door.campaign.id,
        candidacy_id=door.candidacy.id,
        language=language,
    )
    speak(language)


def _answer_page(token: str, door: AnswerDoor, record: CandidateRecord, form: AnswerForm) -> str:
    return render_template(
        "public/pledges/answer.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        record=record,
        form=form,
        pending=_pending(door),
        voices=list_voices(session(), door.campaign, door.candidacy),
        statement_limit=STATEMENT_LIMIT,
        link_channel=Channel.LINK,
    )


def _request_page(token: str, door: AnswerDoor, kind: RequestKind, *, is_done: bool = False) -> str:
    return render_template(
        "public/pledges/request.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        kind=kind,
        is_done=is_done,
        form=ConfirmForm(),
    )


def _ask_record(record: CandidateRecord, slug: str) -> AskRecord:
    for each in record.asks:
        if each.ask.slug == slug:
            return each
    raise NotFound("There is no such ask.")


def _kind(kind: str) -> RequestKind:
    if kind not in PAGE_REQUESTS:
        abort(404)
    return RequestKind(kind)


def _pending(door: AnswerDoor) -> dict[int, object]:
    """Return the changes that wait, by ask."""
    waiting = list_open_changes(session(), door.campaign.id, door.candidacy.id)
    return {each.ask_id: each for each in waiting}


def _address(door: AnswerDoor) -> str:
    """Return where mail reaches a candidate, so that only its owner knows it; empty for nowhere."""
    if not is_reachable(session(), door.candidacy):
        return ""
    name, at, domain = (door.candidacy.person.email or "").partition("@")
    return f"{name[:1]}…{at}{domain}"
