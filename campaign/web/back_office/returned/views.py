"""Decide about bounces, repair addresses, and see who gets nothing more."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.candidates.errors import AddressInvalid
from campaign.delivery.queries import count_suppressions, get_suppression, get_undecided_event
from campaign.delivery.returns import EventDecision
from campaign.followups.repairs import lift, repair_address, use_address_again
from campaign.followups.returned_mail import decide_event
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.reports.office_returns import (
    latest_events,
    open_repairs,
    repair_row,
    rows_of_suppressions,
    suppression_rows,
    undecided_events,
)
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.back_office.returned.forms import WORKS, DecisionForm, RepairForm
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint("organise_returned", __name__, url_prefix="/organise/returned")

PAGE = 100


@blueprint.get("/")
@requires(Role.ORGANISER)
def bounces() -> str:
    """List bounces that a person has to decide on, and what else came back of late."""
    return _bounces_page(DecisionForm(), 0)


@blueprint.post("/<int:event_id>")
@requires(Role.ORGANISER)
def decide_submit(event_id: int) -> Response | tuple[str, int]:
    """Take a person's word for what a bounce is, and act upon it."""
    get_undecided_event(session(), event_id)
    form = DecisionForm(prefix=f"event-{event_id}")
    if not form.validate_on_submit():
        return _bounces_page(form, event_id), 422
    decide_event(
        toolkit(),
        session(),
        event_id,
        decision=EventDecision(form.decision.data),
        actor=current_actor(),
        now=now(),
    )
    _log("decide_bounce", f"delivery_event:{event_id}", form.decision.data)
    flash(_("Thank you. It is dealt with."))
    return redirect(url_for(".bounces"), 303)


@blueprint.get("/repairs/")
@requires(Role.ORGANISER)
def repairs() -> str:
    """List candidates whose address does not work."""
    return render_template("back_office/repairs.html", repairs=open_repairs(session()))


@blueprint.get("/repairs/<int:repair_id>")
@requires(Role.ORGANISER)
def repair(repair_id: int) -> str:
    """Ask for a better address."""
    return _repair_page(repair_id, RepairForm())


@blueprint.post("/repairs/<int:repair_id>")
@requires(Role.ORGANISER)
def repair_submit(repair_id: int) -> Response | tuple[str, int]:
    """Set a better address, or none, or let letters go to this one again; and log it."""
    form = RepairForm()
    if not form.validate_on_submit():
        return _repair_page(repair_id, form), 422
    reason = form.reason.data or ""
    try:
        if form.kind.data == WORKS:
            done = use_address_again(
                session(), repair_id, reason=reason, actor=current_actor(), now=now()
            )
        else:
            done = repair_address(
                toolkit(),
                session(),
                repair_id,
                email=form.new_email,
                reason=reason,
                actor=current_actor(),
                now=now(),
            )
    except AddressInvalid as error:
        form.email.errors = [str(error)]
        return _repair_page(repair_id, form), 422
    verb = "use_address_again" if form.kind.data == WORKS else "correct_address"
    _log(verb, f"person:{done.person_id}", reason)
    flash(_("It is settled. Letters that wait leave by themselves where there is an address."))
    return redirect(url_for(".repairs"), 303)


@blueprint.get("/suppressions/")
@requires(Role.OWNER)
def suppressions() -> str:
    """List addresses that get nothing more from this installation."""
    offset = max(0, request.args.get("from", 0, type=read_number))
    return render_template(
        "back_office/suppressions.html",
        rows=suppression_rows(session(), limit=PAGE, offset=offset),
        count=count_suppressions(session()),
        offset=offset,
        page_size=PAGE,
    )


@blueprint.get("/suppressions/<int:suppression_id>")
@requires(Role.OWNER)
def suppression(suppression_id: int) -> str:
    """Ask why mail may go to an address again."""
    return _suppression_page(suppression_id, ReasonForm())


@blueprint.post("/suppressions/<int:suppression_id>")
@requires(Role.OWNER)
def suppression_submit(suppression_id: int) -> Response | tuple[str, int]:
    """Let mail go to an address again, and log why."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _suppression_page(suppression_id, form), 422
    reason = form.reason.data or ""
    lift(session(), suppression_id, reason=reason, actor=current_actor(), now=now())
    _log("lift_suppression", f"suppression:{suppression_id}", reason)
    flash(_("Mail may go to this address again."))
    return redirect(url_for(".suppressions"), 303)


def _bounces_page(failed: DecisionForm, failed_id: int) -> str:
    undecided = undecided_events(session())
    return render_template(
        "back_office/bounces.html",
        failed=failed,
        forms={
            event.id: failed if event.id == failed_id else DecisionForm(prefix=f"event-{event.id}")
            for event in undecided
        },
        undecided=undecided,
        latest=latest_events(session()),
    )


def _repair_page(repair_id: int, form: RepairForm) -> str:
    return render_template(
        "back_office/repair.html", repair=repair_row(session(), repair_id), form=form
    )


def _suppression_page(suppression_id: int, form: ReasonForm) -> str:
    entry = get_suppression(session(), suppression_id)
    (row,) = rows_of_suppressions(session(), [entry])
    return render_template("back_office/suppression.html", row=row, form=form)


def _log(verb: str, subject: str, reason: str) -> None:
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb=verb,
        subject=subject,
        reason=reason,
        now=now(),
    )
