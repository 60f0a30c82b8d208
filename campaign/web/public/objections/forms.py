"""The form by which a candidate objects to an entry."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import ValidationError

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.rules import STATEMENT_LIMIT, clean_text, showable_text
from campaign.web.shared.languages import error_words


def _check_words(_form: FlaskForm, field: TextAreaField) -> None:
    try:
        field.data = clean_text(field.data or "", limit=STATEMENT_LIMIT)
    except PledgeInvalid as error:
        field.data = showable_text(field.data or "")
        raise ValidationError(error_words(error)) from error


class ObjectionForm(FlaskForm):  # type: ignore[misc]
    """The candidate's own words, which are public."""

    words = TextAreaField(_l("What is wrong with it, in your words"), validators=[_check_words])
