"""The organiser's own page, and the audit log for owners."""

from flask import Blueprint, render_template, request

from campaign.organisers.queries import count_audit_entries, list_audit_lines
from campaign.organisers.rules import Role
from campaign.web.back_office.access import current_account, requires
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import session

LINES_PER_PAGE = 100

blueprint = Blueprint("organise_account", __name__, url_prefix="/organise")


@blueprint.get("/account")
@requires(Role.VIEWER)
def show() -> str:
    """Show the organiser's role and the ways to make the login safer."""
    return render_template("back_office/account.html", account=current_account())


@blueprint.get("/audit-log")
@requires(Role.OWNER)
def audit_log() -> str:
    """Show what organisers did, newest first."""
    page = max(1, request.args.get("page", 1, type=read_number))
    count = count_audit_entries(session())
    lines = list_audit_lines(session(), limit=LINES_PER_PAGE, offset=(page - 1) * LINES_PER_PAGE)
    return render_template(
        "back_office/audit_log.html",
        lines=lines,
        count=count,
        page=page,
        has_more=page * LINES_PER_PAGE < count,
    )
