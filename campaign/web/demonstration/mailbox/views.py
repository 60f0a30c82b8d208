"""The mailbox of the demonstration: a list of e-mails, and one of them."""

from flask import Blueprint, render_template, request

from campaign.demonstration import mailbox
from campaign.web.shared.context import session, toolkit

blueprint = Blueprint("mailbox", __name__, url_prefix="/mailbox")


@blueprint.get("/")
def index() -> str:
    """List the newest e-mails; ``to`` keeps those to one recipient."""
    to = request.args.get("to", "")
    listing = mailbox.list_emails(toolkit().settings.mail.mailbox_path, recipient=to)
    lanes = mailbox.list_lanes(session(), [email.message_id for email in listing.emails])
    return render_template("demonstration/mailbox/index.html", listing=listing, lanes=lanes, to=to)


@blueprint.get("/<name>/")
def show(name: str) -> str:
    """Show one e-mail as plain text; links to this site can be followed."""
    settings = toolkit().settings
    email = mailbox.get_email(settings.mail.mailbox_path, name)
    segments = mailbox.split_links(email.body, base_url=settings.base_url)
    return render_template("demonstration/mailbox/show.html", email=email, segments=segments)
