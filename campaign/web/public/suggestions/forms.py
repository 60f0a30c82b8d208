"""The form for evidence that somebody of the public has."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.rules import QUOTE_LIMIT, Stance, clean_source_url
from campaign.supporters.errors import AddressInvalid
from campaign.supporters.rules import normalise_email

_CHOOSE_ASK = _l("Choose one of the asks.")
_CHOOSE_STANCE = _l("Choose where you think they stand.")


def _check_url(_form: FlaskForm, field: URLField) -> None:
    try:
        field.data = clean_source_url(field.data or "")
    except PledgeInvalid as error:
        raise ValidationError(
            str(_l("Give a web address that begins with https://, or leave it empty."))
        ) from error


def _check_email(_form: FlaskForm, field: EmailField) -> None:
    try:
        field.data = normalise_email(field.data or "")
    except AddressInvalid as error:
        raise ValidationError(
            str(_l("Give an e-mail address like name@example.org, or leave it empty."))
        ) from error


def _read_ask_id(value: str | int) -> int | None:
    return None if value == "" else int(value)


class SuggestionForm(FlaskForm):  # type: ignore[misc]
    """What a candidate said, where, and when."""

    ask = SelectField(  # type: ignore[call-arg]  # stubs are older
        _l("Which ask is it about?"),
        coerce=_read_ask_id,
        validators=[InputRequired(_CHOOSE_ASK)],
        invalid_value_message=_CHOOSE_ASK,
        invalid_choice_message=_CHOOSE_ASK,
    )
    stance = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("Where do they stand, as you understand it?"),
        choices=[
            SelectChoice(Stance.YES.value, _l("Yes")),
            SelectChoice(Stance.YES_WITH_RESERVATIONS.value, _l("Yes, with reservations")),
            SelectChoice(Stance.PARTLY.value, _l("Partly")),
            SelectChoice(Stance.NO.value, _l("No")),
            SelectChoice(Stance.DECLINED.value, _l("Declined to answer")),
        ],
        validators=[InputRequired(_CHOOSE_STANCE)],
        invalid_choice_message=_CHOOSE_STANCE,
    )
    source_url = URLField(
        _l("Web address where others can see it"), validators=[Optional(), _check_url]
    )
    quote = TextAreaField(
        _l("What they said, word for word"),
        validators=[Length(max=QUOTE_LIMIT, message=_l("Shorten it to 2,000 characters."))],
    )
    said_on = DateField(
        _l("On which day?"), validators=[Optional()], format=["%Y-%m-%d", "%d/%m/%Y"]
    )
    email = EmailField(_l("Your e-mail address"), validators=[Optional(), _check_email])
    website = StringField(_l("Leave this field empty"))

    def offer_asks(self, asks: Iterable[tuple[int, str]]) -> None:
        """Set the asks to choose from: id and title. None is chosen beforehand."""
        self.ask.choices = [
            SelectChoice("", _l("Choose an ask")),
            *(SelectChoice(ask_id, title) for ask_id, title in asks),
        ]

    @property
    def is_by_a_program(self) -> bool:
        """Whether the field was filled in that people do not see."""
        return bool(self.website.data)
