"""One form with every kind of field, in each state."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    Form,
    PasswordField,
    RadioField,
    SearchField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.widgets import CheckboxInput, ListWidget

from campaign.followups.mail_choice import MailWish

_WISHES: list[Any] = [wish.value for wish in MailWish]


class SampleForm(Form):
    """A field of each kind that pages use."""

    name = StringField(_l("Your name"))
    email = EmailField(_l("Your e-mail address"))
    address = URLField(_l("Web address of the source"))
    password = PasswordField(_l("Password"))
    words = SearchField(_l("Name, party or constituency"))
    statement = TextAreaField(_l("Your letter"))
    ask = SelectField(
        _l("Which ask did they answer?"),
        choices=[
            SelectChoice("1", _l("Sentences that protect")),
            SelectChoice("2", _l("Act against trading")),
        ],
    )
    consent = BooleanField(_l("I agree that my letter is sent"))
    stance = RadioField(
        _l("What did they answer?"),
        choices=[
            SelectChoice("yes", _l("Yes")),
            SelectChoice("partly", _l("Partly")),
            SelectChoice("no", _l("No")),
        ],
    )
    wish = RadioField(_l("How shall letters come to you?"), choices=_WISHES)
    recipients = SelectMultipleField(
        _l("Send my letter to"),
        choices=[
            SelectChoice("1", _l("Jane Smith, Reed Party")),
            SelectChoice("2", _l("John Wray, Heron Alliance")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


_FILLED = {
    "name": "Sam Supporter",
    "email": "sam@example.org",
    "address": "https://news.example.org/hustings",
    "password": "not a real one",
    "words": "Harbour",
    "statement": "My daughter asked me why nobody stops this.",
    "ask": "2",
    "consent": True,
    "stance": "partly",
    "wish": "one_digest_a_day",
    "recipients": ["1"],
}


def sample_forms() -> dict[str, SampleForm]:
    """Return the form empty, filled, with errors and switched off; no id stands in two of them."""
    forms = {
        "empty": SampleForm(prefix="empty"),
        "filled": SampleForm(prefix="filled", data=_FILLED),
        "error": SampleForm(prefix="error"),
        "disabled": SampleForm(prefix="disabled", data=_FILLED),
    }
    errors = {
        "name": _("Type your name."),
        "email": _("Write the address like name@example.org."),
        "address": _("Begin the web address with https://."),
        "password": _("Type your password."),
        "words": _("Type at least two letters."),
        "statement": _("Write at least one sentence of your own."),
        "ask": _("Choose one of the asks."),
        "consent": _("Tick the box if you agree. Without it we may send nothing."),
        "stance": _("Choose what they answered."),
        "recipients": _("Choose at least one candidate."),
    }
    for name, text in errors.items():
        forms["error"][name].errors = [text]
    return forms
