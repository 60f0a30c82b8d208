"""The link in the header of a notice: a page with a button, and RFC 8058's one click.

Mail programs post here without having seen a page, so there is no token of a form: the signed
link is the proof, and all that it can do is end notices to the mailbox it was sent to.
"""

from flask import Blueprint, Response, render_template

from campaign.followups.unsubscribing import open_unsubscribe_link, unsubscribe
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.limits import CONFIRMATION, limited

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe")


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep pages behind a signed link out of caches and search engines."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/<token>/")
def ask(token: str) -> str:
    """Say what will stop, with a button; opening the link alone changes nothing."""
    open_unsubscribe_link(session(), toolkit().signer, token)
    return render_template("public/unsubscribe/ask.html", token=token)


@blueprint.post("/<token>/")
@limited(CONFIRMATION)
def submit(token: str) -> str:
    """Send no more notices to this mailbox; again is harmless."""
    unsubscribe(session(), toolkit().signer, token, now=now())
    return render_template("public/unsubscribe/done.html")
