"""The styles page, made of the same macros and classes as every other page."""

from flask import Blueprint, render_template

from campaign.core.config import PROJECT_ROOT
from campaign.delivery.returns import EventDecision, EventKind, SuppressionReason
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.pledges.rules import Channel, Stance, VerificationLevel
from campaign.reports.expected_letters import ExpectedKind
from campaign.reports.hexmap import Shade
from campaign.reports.qr_codes import make_qr_code
from campaign.web.demonstration.styles import samples
from campaign.web.demonstration.styles.forms import sample_forms
from campaign.web.demonstration.styles.palette import measure_pairs, read_tokens

STYLESHEET = PROJECT_ROOT / "static" / "css" / "site.css"

blueprint = Blueprint("styles", __name__, url_prefix="/styles")


@blueprint.get("/")
def show() -> str:
    """Show the whole design system at once."""
    tokens = read_tokens(STYLESHEET.read_text(encoding="utf-8"))
    return render_template(
        "demonstration/styles/show.html",
        tokens=tokens,
        pairs=measure_pairs(tokens),
        forms=sample_forms(),
        samples=samples,
        code=make_qr_code(samples.ADDRESS),
        stances=list(Stance),
        statuses=list(LetterStatus),
        reasons=list(HeldReason),
        expected_kinds=list(ExpectedKind),
        channels=list(Channel),
        levels=list(VerificationLevel),
        shades=list(Shade),
        match_shades=[each for each in Shade if each is not Shade.NO_YES],
        returned_kinds=list(EventKind),
        returned_decisions=list(EventDecision),
        suppression_reasons=list(SuppressionReason),
    )
