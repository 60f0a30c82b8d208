"""Forms about candidates."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length

from campaign.web.back_office.forms import ReasonForm

NEW = "new"
WRONG = "wrong"
_CHOOSE = _l("Choose one of the two.")


class AddressForm(ReasonForm):
    """A better address for a candidate, or none."""

    kind = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What do you know?"),
        choices=[
            SelectChoice(NEW, _l("I know the right address")),
            SelectChoice(WRONG, _l("The known address is wrong, and I know no better one")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )
    email = EmailField(
        _l("The right address"),
        filters=[lambda text: text.strip() if text else ""],
        validators=[Length(max=254, message=_l("An e-mail address has at most 254 characters."))],
    )

    @property
    def new_email(self) -> str | None:
        """Return the address to use from now on; None for none."""
        return None if self.kind.data == WRONG else self.email.data
