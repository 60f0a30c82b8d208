"""How letters come to a candidate: every letter, one digest a day, nothing more."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.followups.mail_choice import MailWish, choose_mail, get_mail_state
from campaign.pledges.queries import get_language
from campaign.pledges.rules import CANDIDATE
from campaign.pledges.service import AnswerDoor, open_answer_link
from campaign.web.public.mail_choice.forms import MailChoiceForm
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.languages import speak
from campaign.web.shared.limits import ANSWER, limited

blueprint = Blueprint("mail_choice", __name__, url_prefix="/answer/<token>")


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep pages behind a personal link out of caches and search engines."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/mail")
def choose(token: str) -> str:
    """Show the three ways, with today's chosen."""
    return _page(token, MailChoiceForm(), is_done="done" in request.args)


@blueprint.post("/mail")
@limited(ANSWER)
def choose_submit(token: str) -> BaseResponse | tuple[str, int]:
    """Let letters come in the chosen way, and mail a receipt."""
    form = MailChoiceForm()
    door = _open(token)
    if not form.validate():
        return _page(token, form), 422
    choose_mail(toolkit(), session(), door, MailWish(form.wish.data), actor=CANDIDATE, now=now())
    return redirect(url_for(".choose", token=token, done=1), 303)


@blueprint.get("/request/one_digest_a_day")
@blueprint.get("/request/nothing_more")
def moved(token: str) -> BaseResponse:
    """Lead here from where these two were asked for, each on a page of its own."""
    return redirect(url_for(".choose", token=token), 301)


@blueprint.post("/request/one_digest_a_day")
@blueprint.post("/request/nothing_more")
def moved_submit(token: str) -> BaseResponse:
    """Ask whoever pressed a button of such a page to choose here; nothing was chosen by it."""
    return redirect(url_for(".choose", token=token), 303)


def _open(token: str) -> AnswerDoor:
    door = open_answer_link(session(), toolkit().signer, token, now=now())
    speak(get_language(session(), door.campaign.id, door.candidacy.id))
    return door


def _page(token: str, form: MailChoiceForm, *, is_done: bool = False) -> str:
    door = _open(token)
    state = get_mail_state(session(), door.campaign, door.candidacy.id)
    if not form.is_submitted():
        form.wish.data = state.wish.value
    return render_template(
        "public/mail_choice/choose.html",
        token=token,
        campaign=door.campaign,
        candidacy=door.candidacy,
        state=state,
        form=form,
        is_done=is_done,
    )
