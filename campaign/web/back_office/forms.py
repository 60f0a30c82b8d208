"""Forms that several back-office pages share."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from campaign.organisers.rules import MAXIMUM_REASON_LENGTH, MINIMUM_REASON_LENGTH


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Why a step is taken, for the audit log."""

    reason = TextAreaField(
        _l("Your reason"),
        filters=[lambda text: text.strip() if text else ""],
        validators=[
            Length(
                min=MINIMUM_REASON_LENGTH,
                max=MAXIMUM_REASON_LENGTH,
                message=_l("Give a reason of 10 to 500 characters; it is logged."),
            )
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is chosen stands before its reason, on every page and so among its errors.
        self._fields["reason"] = self._fields.pop("reason")
