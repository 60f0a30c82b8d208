"""The candidate's form: for each ask a stance and a public statement."""

from collections.abc import Sequence
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import ValidationError

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.rules import STATEMENT_LIMIT, Channel, Stance, clean_text, showable_text
from campaign.pledges.service import GivenAnswer
from campaign.reports.candidate_record import AskRecord
from campaign.web.shared.languages import error_words

_STANCES: list[Any] = [stance.value for stance in Stance]
"""The template has the words for them."""

_LEAVE: Any = ""
"""The choice that leaves an ask without an answer; radio buttons cannot be cleared."""


def _check_statement(_form: FlaskForm, field: TextAreaField) -> None:
    try:
        field.data = clean_text(field.data or "", limit=STATEMENT_LIMIT)
    except PledgeInvalid as error:
        field.data = showable_text(field.data or "")
        raise ValidationError(error_words(error)) from error


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """Fields of each ask are added by ``answer_form``."""

    records: Sequence[AskRecord] = ()
    may_repeat = False
    """Whether it is no mistake to give what the record has already, as from a second tab."""

    def stance(self, record: AskRecord) -> RadioField:
        """Return the field of an ask's stance."""
        return cast(RadioField, self[f"stance-{record.ask.slug}"])

    def statement(self, record: AskRecord) -> TextAreaField:
        """Return the field of an ask's statement."""
        return cast(TextAreaField, self[f"statement-{record.ask.slug}"])

    def version(self, record: AskRecord) -> HiddenField:
        """Return the field with the wording that the candidate has before them."""
        return cast(HiddenField, self[f"version-{record.ask.slug}"])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then what only the fields of an ask together can break."""
        is_valid = bool(super().validate(extra_validators))
        for record in self.records:
            version = str(record.ask.current.number)
            if self.version(record).data != version:
                self.version(record).data = version
                self.form_errors.append(
                    _(
                        "The wording of “%(title)s” has changed. Read it again before you answer.",
                        title=record.ask.current.title,
                    )
                )
                is_valid = False
            if self.statement(record).data and not self.stance(record).data:
                self.stance(record).errors = [
                    *self.stance(record).errors,
                    _("Choose an answer to go with your statement, or clear the statement."),
                ]
                is_valid = False
        if is_valid and not self.changes() and not (self.may_repeat and self._has_own()):
            self._ask_for_an_answer()
            is_valid = False
        return is_valid

    def _has_own(self) -> bool:
        return any(_is_own(record) for record in self.records)

    def _ask_for_an_answer(self) -> None:
        if self._has_own():
            self.form_errors.append(_("You have not changed any answer yet."))
        elif self.records:
            first = self.stance(self.records[0])
            first.errors = [*first.errors, _("Choose an answer to at least one ask.")]

    def changes(self) -> list[GivenAnswer]:
        """Return the answers that differ from what the record has of the candidate's own."""
        return [
            given
            for record in self.records
            if (given := self._given(record)) is not None and not _stands_already(record, given)
        ]

    def _given(self, record: AskRecord) -> GivenAnswer | None:
        stance = self.stance(record).data
        if not stance:
            return None
        return GivenAnswer(record.ask.id, Stance(stance), self.statement(record).data or "")


def answer_form(records: Sequence[AskRecord], *, may_repeat: bool = False) -> AnswerForm:
    """Make the form of these asks, filled with what the candidate has answered before."""
    fields: dict[str, Any] = {"records": records, "may_repeat": may_repeat}
    for record in records:
        slug = record.ask.slug
        own = record.answer if _is_own(record) else None
        fields[f"stance-{slug}"] = RadioField(  # type: ignore[call-arg]  # stubs are older
            lazy_gettext("Your answer"),
            choices=_STANCES if own else [*_STANCES, _LEAVE],
            default=own.stance.value if own else "",
            invalid_choice_message=lazy_gettext("Choose one of the answers."),
        )
        fields[f"statement-{slug}"] = TextAreaField(
            lazy_gettext("Your public statement, if you wish to add one"),
            validators=[_check_statement],
            default=own.statement if own else "",
        )
        fields[f"version-{slug}"] = HiddenField(default=str(record.ask.current.number))
    return type("AnswerFormOfCampaign", (AnswerForm,), fields)()  # type: ignore[no-any-return]


def _is_own(record: AskRecord) -> bool:
    # What an organiser entered, or what was said to another wording, is not put in their mouth.
    return (
        record.answer is not None
        and record.answer.channel is Channel.LINK
        and not record.is_earlier_wording
    )


def _stands_already(record: AskRecord, given: GivenAnswer) -> bool:
    return (
        record.answer is not None
        and _is_own(record)
        and (record.answer.stance, record.answer.statement) == (given.stance, given.statement)
    )


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """A button behind a page that says what it will do."""
