"""Write to candidates, confirm, and see what became of one's letters."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.campaigns.queries import get_campaign
from campaign.core.errors import Refused
from campaign.elections.queries import get_election
from campaign.followups.correspondence import correspondence
from campaign.geography.queries import get_constituency
from campaign.letters import queries, service
from campaign.letters.errors import ActionExpired, LettersClosed, TextInvalid, TooManyMails
from campaign.letters.rules import AnswerChoice
from campaign.reports.candidate_record import CandidateRecord, build_candidate_record
from campaign.reports.writing_desk import WritingDesk
from campaign.supporters.service import PROOF_LIFETIME, browser_proves, sign_browser_proof
from campaign.web.public.letters.choice import ChoiceForm
from campaign.web.public.letters.forms import WriteForm, make_write_form
from campaign.web.public.letters.pages import action_page, choice_page, form_page, preview_page
from campaign.web.shared.context import desks, now, session, toolkit
from campaign.web.shared.limits import CONFIRMATION, FORM, SUBMISSION, limited

blueprint = Blueprint("letters", __name__)

Page = str | tuple[str, int] | tuple[str, int, dict[str, str]] | BaseResponse


def is_sending() -> bool:
    """Tell whether the button that sends was pressed, not one that looks over or changes."""
    return request.form.get("step") == "send"


@blueprint.after_request
def keep_out_of_indexes(response: Response) -> Response:
    """Tell search engines to leave these pages alone: all but the first are somebody's own."""
    if request.endpoint != "letters.write":
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/<campaign_slug>/<constituency_slug>/write")
def write(campaign_slug: str, constituency_slug: str) -> str:
    """Show the form with everybody reachable ticked and the drafts in the editors."""
    desk = _desk(campaign_slug, constituency_slug)
    return form_page(desk, make_write_form(desk))


@blueprint.post("/<campaign_slug>/<constituency_slug>/write")
@limited(SUBMISSION, when=is_sending)
@limited(FORM)
def write_submit(campaign_slug: str, constituency_slug: str) -> Page:
    """Preview, go back to change, or send, by the button that was pressed."""
    desk = _desk(campaign_slug, constituency_slug)
    form = make_write_form(desk)
    step = request.form.get("step")
    if step == "change":
        return form_page(desk, form)
    if not form.validate():
        return form_page(desk, form), 422
    if not is_sending():
        return preview_page(desk, form)
    try:
        return _send(desk, form)
    except LettersClosed:
        raise
    except TooManyMails as error:
        form.form_errors.append(str(error))
        wait = round(error.wait.total_seconds())
        return form_page(desk, form), 429, {"Retry-After": str(wait)}
    except Refused as error:
        form.form_errors.append(str(error))
        return form_page(desk, form), 422


@blueprint.get("/<campaign_slug>/<constituency_slug>/check-your-mail")
def check_mail(campaign_slug: str, constituency_slug: str) -> str:
    """Say that a mail is on its way; the same page whatever the mail will say."""
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    constituency = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    return render_template(
        "public/letters/check_mail.html",
        campaign=campaign,
        constituency=constituency,
    )


@blueprint.get("/action/<token>/")
def action(token: str) -> str:
    """Show an action: what waits for its one button, or what became of each letter."""
    return action_page(token)


@blueprint.post("/action/<token>/confirm")
@limited(CONFIRMATION)
def action_confirm(token: str) -> tuple[str, int] | BaseResponse:
    """Confirm all letters, and let this browser vouch for the address from now on."""
    found = queries.get_action(session(), toolkit().signer, token)
    try:
        service.confirm_action(
            session(), found.id, correspondence=correspondence(toolkit(), session()), now=now()
        )
    except ActionExpired as error:
        return action_page(token, problem=str(error)), 410
    except Refused as error:
        return action_page(token, problem=str(error)), 409
    response = redirect(url_for(".action", token=token), 303)
    response.set_cookie(
        _proof_cookie(found.campaign_id),
        sign_browser_proof(
            toolkit().signer, supporter=found.supporter, campaign_id=found.campaign_id
        ),
        max_age=PROOF_LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=toolkit().settings.is_secure,
    )
    return response


@blueprint.post("/action/<token>/withdraw")
@limited(CONFIRMATION)
def action_withdraw(token: str) -> tuple[str, int] | BaseResponse:
    """Take back one letter, or all that have not left."""
    found = queries.get_action(session(), toolkit().signer, token)
    try:
        if "letter" in request.form:
            letter_id = request.form.get("letter", -1, type=int)
            service.withdraw_letter(session(), found, letter_id, now=now())
        else:
            service.withdraw_letters(session(), found, now=now())
    except Refused as error:
        return action_page(token, problem=str(error)), 409
    return redirect(url_for(".action", token=token), 303)


@blueprint.get("/action/<token>/letter/<int:letter_id>/")
def choose(token: str, letter_id: int) -> str:
    """Ask what becomes of a letter that had not left when its candidate answered."""
    return choice_page(token, letter_id)


@blueprint.post("/action/<token>/letter/<int:letter_id>/")
@limited(CONFIRMATION)
def choose_submit(token: str, letter_id: int) -> tuple[str, int] | BaseResponse:
    """Send a thank-you or a follow-up instead, or let the letter go."""
    found = queries.get_action(session(), toolkit().signer, token)
    form = ChoiceForm()
    try:
        if form.choice.data == AnswerChoice.NOTHING:
            service.choose_nothing(session(), found, letter_id, now=now())
        elif form.validate() and form.has_seen(_record_for(token, letter_id)):
            service.send_instead(
                session(),
                found,
                letter_id,
                choice=AnswerChoice(form.choice.data or ""),
                subject=form.subject.data or "",
                text=form.text.data or "",
                correspondence=correspondence(toolkit(), session()),
                now=now(),
            )
        else:
            return choice_page(token, letter_id, form=form), 422
    except TextInvalid as error:
        form.form_errors.append(str(error))
        return choice_page(token, letter_id, form=form), 422
    except Refused as error:
        return action_page(token, problem=str(error)), 409
    return redirect(url_for(".action", token=token), 303)


def _desk(campaign_slug: str, constituency_slug: str) -> WritingDesk:
    return desks().open(campaign_slug=campaign_slug, constituency_slug=constituency_slug, now=now())


def _send(desk: WritingDesk, form: WriteForm) -> BaseResponse:
    """Submit, and lead to the supporter's page or, for a browser that is new, to their mail."""
    is_proven = browser_proves(
        session(),
        toolkit().signer,
        request.cookies.get(_proof_cookie(desk.campaign.id), ""),
        email=form.writer.email,
        campaign_id=desk.campaign.id,
    )
    submission = service.submit_action(
        session(),
        campaign=desk.campaign,
        ballot=desk.ballot,
        writer=form.writer,
        letters=form.letters,
        submission_key=form.key,
        is_proven=is_proven,
        correspondence=correspondence(toolkit(), session()),
        now=now(),
    )
    if is_proven and submission.action is not None and submission.action.confirmed_at:
        token = queries.action_token(toolkit().signer, submission.action)
        return redirect(url_for(".action", token=token), 303)
    check_mail = url_for(
        ".check_mail",
        campaign_slug=desk.campaign.slug,
        constituency_slug=desk.ballot.constituency.slug,
    )
    return redirect(check_mail, 303)


def _record_for(token: str, letter_id: int) -> CandidateRecord:
    """Return where the candidate of a letter stands; raises LetterNotFound, QuestionClosed."""
    found = queries.get_action(session(), toolkit().signer, token)
    question = service.get_question(session(), found, letter_id, now=now())
    campaign = queries.get_campaign_of(session(), found)
    return build_candidate_record(session(), campaign, question.letter.candidacy)


def _proof_cookie(campaign_id: int) -> str:
    prefix = "__Host-" if toolkit().settings.is_secure else ""
    return f"{prefix}writer-{campaign_id}"
