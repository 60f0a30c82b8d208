"""The form in which a supporter writes: one editor for each text, one set of recipients."""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.i18n import messages_path
from wtforms.validators import InputRequired, ValidationError

from campaign.core.errors import InvalidInput
from campaign.letters.rules import (
    NAME_LIMIT,
    SUBJECT_LIMIT,
    PreparedLetter,
    Writer,
    clean_body,
    clean_name,
    clean_postcode,
    clean_subject,
    prepare_letters,
    showable,
)
from campaign.reports.writing_desk import WritingDesk
from campaign.supporters.rules import normalise_email

_CHOOSE_CANDIDATES = __("Choose from the candidates on this page, please.")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@cache
def _words_of_wtforms(locale: str) -> NullTranslations:
    return Translations.load(messages_path(), [locale], domain="wtforms")


def cleaned(clean: Callable[[str], str]) -> Callable[[FlaskForm, Field], None]:
    """Return a validator that puts the cleaned text in the field, or says how to mend it."""

    def validate(_form: FlaskForm, field: Field) -> None:
        try:
            field.data = clean(field.data or "")
        except InvalidInput as error:
            raise ValidationError(str(error)) from error

    return validate


class WriteForm(FlaskForm):  # type: ignore[misc]
    """Everything but the editors, which ``make_write_form`` adds."""

    recipients = SelectMultipleField(  # type: ignore[call-arg]  # stubs are older
        __("Send my letter to"),
        coerce=int,
        choices=[],
        validate_choice=False,
        invalid_value_message=_CHOOSE_CANDIDATES,
    )
    keep = SelectMultipleField(  # type: ignore[call-arg]  # stubs are older
        __("Keep my letter until an address is found"),
        coerce=int,
        choices=[],
        validate_choice=False,
        invalid_value_message=_CHOOSE_CANDIDATES,
    )
    name = StringField(
        __("Your name"),
        [cleaned(clean_name)],
        render_kw={"autocomplete": "name", "maxlength": NAME_LIMIT},
    )
    email = EmailField(
        __("Your e-mail address"),
        [cleaned(normalise_email)],
        render_kw={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )
    has_postcode = BooleanField(__("Sign with my postcode too"))
    postcode = StringField(
        __("Postcode, if you sign with it"),
        render_kw={
            "autocomplete": "postal-code",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "class": "short",
        },
    )
    consent = BooleanField(
        validators=[InputRequired(__("Tick the box if you agree. Without it we may send nothing."))]
    )
    wants_news = BooleanField()
    may_show_words = BooleanField(
        __(
            "The campaign may show my words with my first name to the candidate "
            "on their answer page"
        )
    )
    website = StringField(__("Leave this field empty"))
    submission_key = HiddenField()
    shown_stances = HiddenField()
    """What the page showed of where the candidates stand, as ``write_stances`` writes it."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Reads the words of WTForms once for each language, not once for each form."""

        csrf = False
        """Every form of this site is checked by CSRFProtect before a view is called."""

        def get_translations(self, form: FlaskForm) -> NullTranslations:
            return _words_of_wtforms(str(get_locale()))

    desk: WritingDesk
    editor_count: int
    letters: list[PreparedLetter]
    changed: Sequence[int] = ()
    """Chosen candidacies whose public answers have changed since the page was made."""

    @property
    def editors(self) -> Iterator[tuple[list[int], Field, Field]]:
        """Yield for each editor its recipients, its subject and its text."""
        numbers = {str(each): each for each in self.desk.names}
        for number in range(self.editor_count):
            listed = (self[f"for_{number}"].data or "").split(",")
            known = [numbers[each] for each in listed if each in numbers]
            yield known, self[f"subject_{number}"], self[f"body_{number}"]

    @property
    def chosen(self) -> set[int]:
        """Return the candidacies that the letters are for."""
        return {*(self.recipients.data or []), *(self.keep.data or [])}

    @property
    def key(self) -> str:
        """Return the key of this form, a fresh one where it came without."""
        data = self.submission_key.data or ""
        return data if _KEY.fullmatch(data) else secrets.token_urlsafe(24)

    @property
    def writer(self) -> Writer:
        """Return who writes; after the form was found right."""
        return Writer(
            name=self.name.data or "",
            email=self.email.data or "",
            postcode=self.postcode.data if self.has_postcode.data else None,
            wants_news=bool(self.wants_news.data),
            words_text=str(self.may_show_words.label.text) if self.may_show_words.data else "",
        )

    def make_showable(self) -> None:
        """Drop from the texts what no page can show, before they go back to the supporter."""
        self.submission_key.data = self.key
        if self.changed:
            self.shown_stances.data = write_stances(self.desk)
        for field in self:
            if isinstance(field.data, str):
                field.data = showable(field.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, then what is only right together; prepares ``letters``."""
        super().validate(extra_validators)
        self._check_recipients()
        self._check_stances()
        texts: dict[int, tuple[str, str]] = {}
        for ids, subject, body in self.editors:
            wanted = self.chosen.intersection(ids)
            if wanted:
                self._clean(subject, clean_subject)
                self._clean(body, clean_body)
            texts |= dict.fromkeys(wanted, (subject.data or "", body.data or ""))
        if self.has_postcode.data:
            self._clean(self.postcode, clean_postcode)
        if self.website.data:
            self.form_errors.append(_("Leave the field “Leave this field empty” empty."))
        if self.chosen - texts.keys() and not self.recipients.errors:
            self.form_errors.append(
                _("The list of candidates has changed. Open the page anew, please.")
            )
        if self.errors:
            return False
        try:
            self.letters = prepare_letters(
                self.desk.drafts,
                texts=texts,
                name=self.writer.name,
                postcode=self.writer.postcode,
            )
        except InvalidInput as error:  # The name made a text too long.
            self.form_errors.append(str(error))
        return not self.errors

    def _check_recipients(self) -> None:
        for field, offered in (
            (self.recipients, self.desk.reachable),
            (self.keep, self.desk.unreachable),
        ):
            ids = {each.id for each in offered}
            if unknown := set(field.data or []) - ids:
                field.data = [each for each in field.data or [] if each not in unknown]
                self._refuse(
                    field,
                    _("The list of candidates has changed. Look at your choice again, please."),
                )
        if not self.chosen and not self.recipients.errors:
            self._refuse(self.recipients, _("Choose at least one candidate."))

    def _check_stances(self) -> None:
        """Tell the supporter, once, who has answered since the page before them was made."""
        shown = _read_stances(self.shown_stances.data or "")
        now = self.desk.shown_stances
        self.changed = [
            each
            for each, stances in now.items()
            if each in self.chosen and shown.get(str(each), stances) != stances
        ]
        if self.changed:
            self.form_errors.append(
                _(
                    "%(names)s: the public answers have changed since you opened this page. "
                    "Read them below, change your letter if you want to, and go on. "
                    "Your text is as you wrote it.",
                    names=", ".join(self.desk.names[each] for each in self.changed),
                )
            )

    def _clean(self, field: Field, clean: Callable[[str], str]) -> None:
        try:
            field.data = clean(field.data or "")
        except InvalidInput as error:
            self._refuse(field, str(error))

    @staticmethod
    def _refuse(field: Field, message: str) -> None:
        field.errors = [*field.errors, message]


def write_stances(desk: WritingDesk) -> str:
    """Return where the candidates of a desk stand: ``7:yes,,no;8:,,`` for three asks."""
    return ";".join(f"{number}:{stances}" for number, stances in desk.shown_stances.items())


def _read_stances(text: str) -> dict[str, str]:
    """Read what ``write_stances`` wrote; whatever else was sent is nobody's number."""
    parts = [each.partition(":") for each in text.split(";")]
    return {number: stances for number, _, stances in parts}


def make_write_form(desk: WritingDesk) -> WriteForm:
    """Return the form of a desk: as it was posted, or with the drafts in its editors."""
    is_posted = request.method == "POST"
    groups = [] if is_posted else desk.groups
    count = len(groups)
    if is_posted:
        while count < len(desk.candidacies) and f"for_{count}" in request.form:
            count += 1
    data: dict[str, Any] = {
        "recipients": [each.id for each in desk.reachable],
        "submission_key": secrets.token_urlsafe(24),
        "shown_stances": write_stances(desk),
    }
    for number, group in enumerate(groups):
        data[f"for_{number}"] = ",".join(map(str, group.candidacy_ids))
        data[f"subject_{number}"], data[f"body_{number}"] = group.subject, group.body
    form = _form_class(count)(data=None if is_posted else data)
    form.desk = desk
    form.consent.label.text = desk.campaign.consent_text
    form.wants_news.label.text = desk.campaign.news_text
    return form


@cache
def _form_class(editor_count: int) -> type[WriteForm]:
    """Return the form with so many editors: at most one for each candidate of a ballot."""
    fields: dict[str, Any] = {"editor_count": editor_count}
    for number in range(editor_count):
        fields[f"for_{number}"] = HiddenField()
        fields[f"subject_{number}"] = StringField(
            __("Subject"), render_kw={"maxlength": SUBJECT_LIMIT}
        )
        fields[f"body_{number}"] = TextAreaField(__("Your letter"), render_kw={"rows": 16})
    return type("WriteForm", (WriteForm,), fields)
