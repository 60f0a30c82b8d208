"""Form for an answer that a candidate gave elsewhere."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, Optional

from campaign.pledges.rules import (
    QUOTE_LIMIT,
    STATEMENT_LIMIT,
    URL_LIMIT,
    Channel,
    Stance,
)

_CHOOSE_ASK = _l("Choose one of the asks.")
_CHOOSE_STANCE = _l("Choose what they answered.")
_CHOOSE_CHANNEL = _l("Choose how they said it.")


def _read_ask_id(value: str | int) -> int | None:
    # The first line of the list stands for no ask and has no id.
    return None if value == "" else int(value)


class PledgeForm(FlaskForm):  # type: ignore[misc]
    """What a candidate answered, where, and how one can check it."""

    ask = SelectField(  # type: ignore[call-arg]  # stubs are older
        _l("Which ask did they answer?"),
        coerce=_read_ask_id,
        validators=[InputRequired(_CHOOSE_ASK)],
        invalid_value_message=_CHOOSE_ASK,
        invalid_choice_message=_CHOOSE_ASK,
    )
    stance = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What did they answer?"),
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
    channel = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("How did they say it?"),
        choices=[
            SelectChoice(Channel.LETTER.value, _l("In a letter or an e-mail")),
            SelectChoice(Channel.PUBLIC_STATEMENT.value, _l("In a public statement")),
            SelectChoice(Channel.HUSTINGS.value, _l("At a hustings or another meeting")),
            SelectChoice(Channel.VOLUNTEER.value, _l("To a volunteer or supporter")),
        ],
        validators=[InputRequired(_CHOOSE_CHANNEL)],
        invalid_choice_message=_CHOOSE_CHANNEL,
    )
    quote = TextAreaField(
        _l("Their words"),
        validators=[Length(max=QUOTE_LIMIT, message=_l("Shorten it to 2,000 characters."))],
    )
    source_url = URLField(
        _l("Web address of the source"),
        validators=[Length(max=URL_LIMIT, message=_l("This web address is too long."))],
    )
    said_on = DateField(
        _l("The day on which they said it"),
        validators=[Optional()],
        format=["%Y-%m-%d", "%d/%m/%Y"],
    )
    archive_url = URLField(
        _l("Web address of an archived copy"),
        validators=[Length(max=URL_LIMIT, message=_l("This web address is too long."))],
    )
    copy = FileField(_l("A copy of the source as a file"))
    statement = TextAreaField(
        _l("Their short statement for the public page"),
        validators=[Length(max=STATEMENT_LIMIT, message=_l("Shorten it to 500 characters."))],
    )

    def offer_asks(self, asks: Iterable[tuple[int, str]]) -> None:
        """Set the asks to choose from: id and title. None is chosen beforehand."""
        self.ask.choices = [
            SelectChoice("", _l("Choose an ask")),
            *(SelectChoice(ask_id, title) for ask_id, title in asks),
        ]
