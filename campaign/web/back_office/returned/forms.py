"""Forms about mail that came back."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from campaign.delivery.returns import EventDecision
from campaign.web.back_office.candidates.forms import NEW, WRONG, AddressForm

WORKS = "works"
_CHOOSE = _l("Choose one of the three.")


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What an unreadable bounce is."""

    decision = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What does it say?"),
        choices=[
            SelectChoice(EventDecision.HARD.value, _l("The address does not work: stop its mail")),
            SelectChoice(
                EventDecision.SOFT.value, _l("Not delivered this time; others may arrive")
            ),
            SelectChoice(EventDecision.IGNORE.value, _l("It is not a bounce, or does not matter")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )


class RepairForm(AddressForm):
    """A better address, none, or the same after all."""

    kind = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What do you know?"),
        choices=[
            SelectChoice(NEW, _l("I know a better address")),
            SelectChoice(WRONG, _l("It does not work, and none is known")),
            SelectChoice(WORKS, _l("It works after all: let letters go there again")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )
