"""Forms about a candidate's link and about changes that wait."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from campaign.web.back_office.forms import ReasonForm

MAIL = "mail_link"
REPLACE = "replace_link"
REVOKE = "revoke_link"
ALLOW = "allow_change"
DROP = "drop_change"
_CHOOSE = _l("Choose what is to be done.")


class LinkForm(ReasonForm):
    """What is to become of a candidate's link."""

    act = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What is to be done?"),
        choices=[
            SelectChoice(MAIL, _l("Make a new link and mail it to the address on file")),
            SelectChoice(REPLACE, _l("Make a new link; it stands in the next letter to them")),
            SelectChoice(REVOKE, _l("Switch the link off, and make none")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )


class ChangeForm(ReasonForm):
    """What the candidate said when they were asked about a change that waits."""

    act = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("What did the candidate say?"),
        choices=[
            SelectChoice(ALLOW, _l("They want it: let it take effect now")),
            SelectChoice(DROP, _l("They do not want it: drop it")),
        ],
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )
