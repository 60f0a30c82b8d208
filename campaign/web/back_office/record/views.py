"""Look through the record, and decide on an entry: withdraw, dispute, settle, hide, show."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.core.errors import InvalidInput
from campaign.followups.record import RecordStep, take_step
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import AlreadyDecided
from campaign.pledges.rules import copy_ending
from campaign.pledges.service import find_copy
from campaign.reports.office_record import RecordState, entry_page, record_page
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint("organise_record", __name__, url_prefix="/organise/<campaign_slug>/record")


@blueprint.get("/")
@requires(Role.VIEWER)
def index(campaign_slug: str) -> str:
    """List the entries of the record, narrowed by words and by what became of them."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    words = request.args.get("q", "").strip()[:100]
    # Any other value of the address means all entries.
    state = request.args.get("state", type=RecordState)
    number = request.args.get("page", 1, type=read_number)
    return render_template(
        "back_office/record.html",
        campaign=campaign,
        words=words,
        state=state,
        states=list(RecordState),
        page=record_page(session(), campaign, words=words, state=state, number=number),
    )


@blueprint.get("/<int:sequence>")
@requires(Role.VIEWER)
def show(campaign_slug: str, sequence: int) -> str:
    """Show everything about one entry, and what can be done."""
    return _page(campaign_slug, sequence, ReasonForm(formdata=None))


@blueprint.post("/<int:sequence>/<step>")
@requires(Role.ORGANISER)
def act_submit(campaign_slug: str, sequence: int, step: str) -> Response | tuple[str, int]:
    """Take one step about an entry, with its reason; a stale form changes nothing."""
    if step not in set(RecordStep):
        abort(404)
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm()
    page = entry_page(session(), campaign, sequence=sequence, now=now())
    if not form.validate_on_submit():
        return _page(campaign_slug, sequence, form, step=step), 422
    reason = form.reason.data or ""
    try:
        decision = take_step(
            toolkit(),
            session(),
            campaign,
            step=RecordStep(step),
            entry=page.event,
            reason=reason,
            actor=current_actor(),
            now=now(),
        )
    except InvalidInput as error:
        form.form_errors.append(str(error))
        return _page(campaign_slug, sequence, form, step=step), 422
    except AlreadyDecided as error:
        said = str(error)
    else:
        record_audit(
            session(),
            organiser_id=current_account().id,
            verb=f"{step}_pledge",
            subject=f"pledge_event:{page.event.id}",
            reason=reason,
            now=now(),
        )
        said = _words(RecordStep(step), is_told=decision.is_candidate_told)
    flash(said)
    return redirect(url_for(".show", campaign_slug=campaign_slug, sequence=sequence), 303)


@blueprint.get("/<int:sequence>/copy")
@requires(Role.VIEWER)
def copy(campaign_slug: str, sequence: int) -> Response:
    """Hand out the archived copy of an entry's source, to be saved and not shown here."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    sha256 = entry_page(session(), campaign, sequence=sequence, now=now()).entry.archive_sha256
    path = find_copy(toolkit().settings.instance_path / "archive", sha256)
    if path is None:
        abort(404)
    content = path.read_bytes()
    response = Response(content, mimetype="application/octet-stream")
    name = f"{campaign.slug}-entry-{sequence}-{sha256[:12]}{copy_ending(content)}"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _words(step: RecordStep, *, is_told: bool) -> str:
    """Return what to say after a step."""
    said: dict[RecordStep, str] = {
        RecordStep.WITHDRAW: _("The withdrawal is recorded. Another organiser must review it now."),
        RecordStep.DISPUTE: _(
            "The entry is marked as disputed. An organiser who did not enter it settles it."
        ),
        RecordStep.KEEP: _("The entry stands. It says in public that the candidate objected."),
        RecordStep.STRIKE: _("The entry no longer counts."),
        RecordStep.HIDE: _("The texts of this entry are hidden."),
        RecordStep.UNHIDE: _("The texts of this entry are public again."),
    }
    if step is RecordStep.WITHDRAW:
        return said[step]
    return f"{said[step]} {told_words(is_told=is_told)}"


def told_words(*, is_told: bool) -> str:
    """Return the sentence about the candidate's mail."""
    if is_told:
        return str(_("The candidate is told by e-mail."))
    return str(_("The candidate could not be told: no address, or they want no mail."))


def _page(campaign_slug: str, sequence: int, form: ReasonForm, *, step: str = "") -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    page = entry_page(session(), campaign, sequence=sequence, now=now())
    folder = toolkit().settings.instance_path / "archive"
    return render_template(
        "back_office/record_entry.html",
        campaign=campaign,
        page=page,
        form=form,
        step=step,
        me=current_actor(),
        has_copy=find_copy(folder, page.entry.archive_sha256) is not None,
    )
