"""The form of a timetable."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from campaign.followups.invitation_plans import Timetable

NOW = "now"
LATER = "later"
_CHOOSE = _l("Choose when the invitations leave.")
_DAYS = _l("Give a number of days from 2 to 30, or 0 for no reminder.")
_MORNING = time(9)


def _is_a_wait(_form: FlaskForm, field: IntegerField) -> None:
    if field.data == 1:  # A reminder on the next day is a nuisance.
        raise ValidationError(str(_DAYS))


class TimetableForm(FlaskForm):  # type: ignore[misc]
    """When to invite, and how long to wait before each reminder."""

    when = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("When do the invitations leave?"),
        choices=[
            SelectChoice(NOW, _l("Now")),
            SelectChoice(LATER, _l("On a day, from nine in the morning")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )
    day = DateField(_l("The day"), validators=[Optional()])
    first_reminder_days = IntegerField(
        _l("Days until the first reminder"),
        default=7,
        validators=[InputRequired(_DAYS), NumberRange(0, 30, _DAYS), _is_a_wait],
    )
    second_reminder_days = IntegerField(
        _l("Days from the first reminder to the second"),
        default=7,
        validators=[InputRequired(_DAYS), NumberRange(0, 30, _DAYS), _is_a_wait],
    )

    def validate_when(self, field: RadioField) -> None:
        """Ask for the day where one is needed."""
        if field.data == LATER and not self.day.data and not self.day.errors:
            raise ValidationError(str(_l("Give the day on which the invitations leave.")))

    def timetable(self, *, now: datetime, zone: str) -> Timetable:
        """Return what was filled in, with the morning of the day in the election's time zone."""
        day = self.day.data if self.when.data == LATER else None
        morning = datetime.combine(day, _MORNING, ZoneInfo(zone)) if day else now
        first = self.first_reminder_days.data or 0
        return Timetable(
            invite_at=max(now, morning),
            first_reminder_days=first,
            second_reminder_days=(self.second_reminder_days.data or 0) if first else 0,
        )
