"""The form by which anybody finds candidates: a GET form, so that a search has an address."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import Length

from campaign.pledges.rules import Stance
from campaign.reports.candidate_search import Answered, CandidateQuestion, Order, SearchChoices

WORDS_LIMIT = 100


def _list(label: str) -> SelectField:
    return SelectField(  # type: ignore[call-arg]  # stubs are older
        label, invalid_choice_message=__("Choose one from the list.")
    )


class CandidateSearchForm(Form):
    """What to look for; a field that is left as it is does not narrow."""

    q = StringField(
        __("Name, place or postcode"),
        filters=[lambda text: "".join(filter(str.isprintable, text or "")).strip()],
        validators=[Length(max=WORDS_LIMIT, message=__("Search with at most 100 characters."))],
    )
    ask = _list(__("Ask"))
    answer = _list(__("Answer"))
    party = _list(__("Party"))
    nation = _list(__("Nation"))
    elected = BooleanField(__("Only those who were elected"))
    sort = _list(__("Sort by"))

    def __init__(
        self, arguments: MultiDict[str, str], choices: SearchChoices, *, is_over: bool
    ) -> None:
        super().__init__(arguments)
        self.party.data = choices.first_party.get(self.party.data, self.party.data)
        # Named by its slug, which stays when another ask is retired.
        self._ask_ids = {slug: ask_id for ask_id, slug, _title in choices.asks}
        _offer(self.ask, [(slug, title) for _id, slug, title in choices.asks])
        _offer(self.answer, _answers(is_over=is_over))
        _offer(self.party, choices.parties)
        _offer(self.nation, [(nation, nation) for nation in choices.nations])
        _offer(self.sort, _orders(), is_narrowing=False)
        if len(choices.nations) < 2:
            del self.nation
        if not choices.has_results:
            del self.elected

    @property
    def question(self) -> CandidateQuestion:
        """Return what is looked for; only of a form that is valid."""
        return CandidateQuestion(
            words=self.q.data or "",
            ask_id=self._ask_ids.get(self.ask.data),
            answer=_answer(self.answer.data),
            party_id=self.party.data or None,
            nation=(self.nation.data or None) if "nation" in self else None,
            is_elected="elected" in self and self.elected.data,
            order=Order(self.sort.data),
        )

    @property
    def arguments(self) -> dict[str, str]:
        """Return what the address of this search says, without what does not narrow."""
        given = {name: value for name, value in self.data.items() if value and value is not True}
        if "elected" in self and self.elected.data:
            given["elected"] = "y"
        if given.get("sort") == Order.PLACE:
            del given["sort"]
        return given


def _offer(
    field: SelectField, options: Sequence[tuple[str, str]], *, is_narrowing: bool = True
) -> None:
    """Fill a list; what an address does not say is what stands first in it."""
    offered = [("", _("Any")), *options] if is_narrowing else options
    field.choices = [SelectChoice(value, label) for value, label in offered]
    if field.data is None:
        field.data = offered[0][0]


def _answer(value: str) -> Stance | Answered | None:
    if not value:
        return None
    return Answered(value) if value in list(Answered) else Stance(value)


def _answers(*, is_over: bool) -> list[tuple[str, str]]:
    return [
        (Answered.AGREED, _("Yes, with or without reservations")),
        (Stance.YES, _("Yes")),
        (Stance.YES_WITH_RESERVATIONS, _("Yes, with reservations")),
        (Stance.PARTLY, _("Partly")),
        (Stance.NO, _("No")),
        (Stance.DECLINED, _("Declined to answer")),
        (Answered.NOT_YET, _("No answer") if is_over else _("No answer yet")),
        (Answered.NO_ADDRESS, _("No address known")),
    ]


def _orders() -> list[tuple[str, str]]:
    return [
        (Order.PLACE, _("Constituency")),
        (Order.NAME, _("Name")),
        (Order.PARTY, _("Party")),
        (Order.NEWEST, _("Newest answer")),
    ]
