"""The page behind a candidate's personal link: answer, change, withdraw, ask for less mail."""

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from campaign.core.errors import NotFound
from campaign.followups.receipts import ReceiptMeans, publish_answers, withdraw_answer
from campaign.followups.requests import note_candidate_request
from campaign.pledges.rules import STATEMENT_LIMIT, Channel, RequestKind
from campaign.pledges.service import AnswerDoor, open_answer_link
from campaign.reports.candidate_record import AskRecord, CandidateRecord, build_candidate_record
from campaign.web.public.pledges.forms import AnswerForm, ConfirmForm, answer_form
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.limits import ANSWER, FORM, limited

blueprint = Blueprint("pledges", __name__)


def is_publishing() -> bool:
    """Tell whether the button that publishes was pressed, not one that looks over or changes."""
    return request.form.get("step") == "publish"


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep pages behind a personal link out of caches and search engines."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


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
    form = answer_form(record.asks)
    step = request.form.get("step", "preview")
    if not form.validate():
        return make_response(_answer_page(token, door, record, form), 422)
    if step == "edit":
        return make_response(_answer_page(token, door, record, form))
    if step == "publish":
        publish_answers(session(), door, form.changes(), means=_receipt_means(token))
        return redirect(url_for("pledges.receipt", token=token), code=303)
    page = render_template(
        "public/pledges/preview.html",
        token=token, campaign=door.campaign, candidacy=door.candidacy, record=record, form=form,
        changes={given.ask_id: given for given in form.changes()},
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
        form=ConfirmForm(),
    )


@blueprint.post("/answer/<token>/withdraw/<ask_slug>")
@limited(ANSWER)
def withdraw_submit(token: str, ask_slug: str) -> BaseResponse:
    """Take an answer back."""
    door, record = _open(token)
    ask_id = _ask_record(record, ask_slug).ask.id
    withdraw_answer(session(), door, ask_id=ask_id, means=_receipt_means(token))
    return redirect(url_for("pledges.receipt", token=token), code=303)


@blueprint.get("/answer/<token>/request/<kind>")
def ask_for(token: str, kind: str) -> str:
    """Say what a request to the organisers does; the button is on this page."""
    door, _record = _open(token)
    return _request_page(token, door, _kind(kind))


@blueprint.post("/answer/<token>/request/<kind>")
@limited(ANSWER)
def ask_for_submit(token: str, kind: str) -> str:
    """Note the request and say what happens next."""
    door, _record = _open(token)
    note_candidate_request(session(), door, kind=_kind(kind), now=now())
    return _request_page(token, door, _kind(kind), is_done=True)


def _open(token: str) -> tuple[AnswerDoor, CandidateRecord]:
    door = open_answer_link(session(), toolkit().signer, token, now=now())
    return door, build_candidate_record(session(), door.campaign, door.candidacy)


def _answer_page(token: str, door: AnswerDoor, record: CandidateRecord, form: AnswerForm) -> str:
    return render_template(
        "public/pledges/answer.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        record=record,
        form=form,
        statement_limit=STATEMENT_LIMIT,
        link_channel=Channel.LINK,
        kinds=list(RequestKind),
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
    try:
        return RequestKind(kind)
    except ValueError:
        abort(404)


def _receipt_means(token: str) -> ReceiptMeans:
    parts = toolkit()
    return ReceiptMeans(
        link=f"{parts.settings.base_url}{url_for('pledges.answer', token=token)}",
        mail=parts.settings.mail,
        emails=parts.emails,
        now=now(),
    )
