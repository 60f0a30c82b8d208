"""The forms by which a supporter says what becomes of a letter that an answer has overtaken."""

from collections.abc import Callable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, ValidationError

from campaign.core.errors import InvalidInput
from campaign.letters.rules import AnswerChoice, clean_body, clean_subject, showable
from campaign.letters.service import Question
from campaign.reports.candidate_record import CandidateRecord


class ChoiceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped.
    """One text to send in place of the letter; each of the two ways has a form of its own."""

    choice = HiddenField(
        validators=[
            AnyOf(
                [AnswerChoice.THANK_YOU, AnswerChoice.FOLLOW_UP],
                message=__("Press one of the three buttons."),
            )
        ]
    )
    shown_entries = HiddenField()
    """Which entries of the record the page showed, words and all."""
    subject = StringField(__("Subject"), validators=[InputRequired(__("Enter a subject."))])
    text = TextAreaField(__("Your text"), validators=[InputRequired(__("Write your letter."))])

    def has_seen(self, record: CandidateRecord) -> bool:
        """Tell whether the page showed what is public now, and say so once where it did not."""
        if self.shown_entries.data in (None, _entries(record)):
            return True
        self.form_errors.append(
            _(
                "The public answers have changed since you opened this page. Read them below, "
                "change your text if you want to, and send it then."
            )
        )
        return False

    def validate_subject(self, field: StringField) -> None:
        """Say what is wrong with a subject."""
        _check(clean_subject, field)

    def validate_text(self, field: TextAreaField) -> None:
        """Say what is wrong with a text."""
        _check(clean_body, field)


def make_choice_forms(
    question: Question,
    campaign_name: str,
    record: CandidateRecord,
    *,
    returned: ChoiceForm | None,
) -> dict[AnswerChoice, ChoiceForm]:
    """Return the two forms, filled in: with what came back, with a thank-you, with their own text.

    The fields of the second have other ids, since both stand on one page.
    """
    letter = question.letter
    drafts = {
        AnswerChoice.THANK_YOU: (
            _("Thank you for answering"),
            _(
                "Thank you for answering “%(campaign)s”. I have read what you say.",
                campaign=campaign_name,
            ),
        ),
        AnswerChoice.FOLLOW_UP: (letter.subject, question.text),
    }
    forms = {}
    for choice, (subject, text) in drafts.items():
        if returned is not None and returned.choice.data == choice:
            form = returned
            form.subject.data = showable(form.subject.data or "")
            form.text.data = showable(form.text.data or "")
        else:
            form = ChoiceForm(formdata=None, data={"subject": subject, "text": text})
            form.choice.data = choice.value
        form.shown_entries.data = _entries(record)
        for field in form:
            field.id = f"{choice.value}-{field.name}"
        forms[choice] = form
    return forms


def _entries(record: CandidateRecord) -> str:
    """Return the number in the record of each ask's answer: ``12,,15`` for three asks."""
    return ",".join(str(each.answer.sequence) if each.answer else "" for each in record.asks)


def _check(clean: Callable[[str], str], field: Field) -> None:
    try:
        clean(field.data or "")
    except InvalidInput as error:
        raise ValidationError(str(error)) from error
