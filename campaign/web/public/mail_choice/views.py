"""How letters come to a candidate: every letter, one digest a day, nothing more."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.followups.mail_choice import MailWish, choose_mail, get_mail_state
from campaign.pledges.rules import CANDIDATE
from campaign.pledges.service import AnswerDoor
from campaign.web.public.mail_choice.forms import MailChoiceForm
from campaign.web.shared.answer_doors import keep_private, open_door
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.limits import ANSWER, limited

blueprint = Blueprint("mail_choice", __name__, url_prefix="/answer/<token>")
blueprint.after_request(keep_private)


@blueprint.get("/mail")
def choose(token: str) -> str:
    """Show the three ways, with today's chosen."""
    return _page(token, open_door(token), MailChoiceForm(), is_done="done" in request.args)


@blueprint.post("/mail")
@limited(ANSWER)
def choose_submit(token: str) -> BaseResponse | tuple[str, int]:
    """Let letters come in the chosen way, and mail a receipt."""
    door = open_door(token)
    form = MailChoiceForm()
    if not form.validate():
        return _page(token, door, form), 422
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


def _page(token: str, door: AnswerDoor, form: MailChoiceForm, *, is_done: bool = False) -> str:
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
