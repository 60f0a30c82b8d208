"""The three ways in which letters can come to a candidate."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from campaign.followups.mail_choice import MailWish

_CHOOSE = _l("Choose one of the three.")
_WISHES: list[Any] = [wish.value for wish in MailWish]
"""The template has the words for them."""


class MailChoiceForm(FlaskForm):  # type: ignore[misc]
    """One choice and its button."""

    wish = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("How shall letters of this campaign come to you?"),
        choices=_WISHES,
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )
