from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.elections.rules import ElectionPhase
from campaign.letters.errors import TemplateInvalid, TextInvalid, TransitionRefused
from campaign.letters.rules import (
    BODY_LIMIT,
    FIELDS,
    NAME_LIMIT,
    NAME_PLACEHOLDER,
    TRANSITIONS,
    Draft,
    HeldReason,
    LetterStatus,
    candidate_attributes,
    check_condition,
    check_template,
    check_transition,
    choose_variant,
    clean_body,
    clean_name,
    clean_subject,
    compose,
    expires_at,
    fill,
    group_drafts,
    held_reason_at,
    prepare_letters,
    submission_digest,
    text_hash,
)

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


def draft(number: int, *, subject: str = "Streets", body: str = "Please help.") -> Draft:
    return Draft(
        candidacy_id=number,
        variant_id=None,
        greeting=f"Dear Candidate {number},",
        subject=subject,
        body=body,
    )


def test_every_status_has_its_steps_and_ends_are_ends() -> None:
    assert set(TRANSITIONS) == set(LetterStatus)
    assert not TRANSITIONS[LetterStatus.WITHDRAWN]
    assert not TRANSITIONS[LetterStatus.EXPIRED]
    check_transition(LetterStatus.UNCONFIRMED, LetterStatus.QUEUED)
    for refused in (LetterStatus.UNCONFIRMED, LetterStatus.EXPIRED, LetterStatus.HELD):
        with pytest.raises(TransitionRefused):
            check_transition(refused, LetterStatus.SENT)


@pytest.mark.parametrize(
    ("has_address", "phase", "is_paused", "reason"),
    [
        (True, ElectionPhase.CAMPAIGN, False, None),
        (False, ElectionPhase.CAMPAIGN, True, HeldReason.NO_ADDRESS),
        (True, ElectionPhase.BEFORE_NOMINATIONS, True, HeldReason.CALENDAR),
        (True, ElectionPhase.CLOSED, False, HeldReason.CALENDAR),
        (True, ElectionPhase.CAMPAIGN, True, HeldReason.PAUSED),
    ],
)
def test_why_a_confirmed_letter_waits(
    has_address: bool, phase: ElectionPhase, is_paused: bool, reason: HeldReason | None
) -> None:
    assert held_reason_at(has_address=has_address, phase=phase, is_paused=is_paused) is reason


def test_known_fields_are_replaced_once() -> None:
    fields = dict.fromkeys(FIELDS, "{{ party }}")
    assert fill("{{constituency}}: {{ candidate_name }}", fields) == "{{ party }}: {{ party }}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ password }}",
        "{{ party.name }}",
        "{{ party|upper }}",
        "{{ 7 * 7 }}",
        "{{}}",
        "{{ party",
        "party }}",
        "{% for x in y %}",
        "{{ {{ party }} }}",
    ],
)
def test_what_is_not_a_field_is_refused_when_a_template_is_saved(text: str) -> None:
    with pytest.raises(TemplateInvalid):
        check_template(text)


@given(st.text())
def test_a_template_is_filled_or_refused_and_nothing_else(text: str) -> None:
    try:
        fill(text, dict.fromkeys(FIELDS, "x"))
    except TemplateInvalid:
        return
    check_template(text)


def test_the_first_variant_that_fits_is_used() -> None:
    thanks = SimpleNamespace(condition={"stance": "yes", "nation": "Wales"})
    wales = SimpleNamespace(condition={"nation": "Wales"})
    rest = SimpleNamespace(condition={})
    attributes = {"party": "A", "party_id": "PP1", "region": ""}

    def chosen(nation: str, *stances: str | None) -> SimpleNamespace | None:
        given = {f"ask-{place}": stance for place, stance in enumerate(stances)}
        return choose_variant(
            [thanks, wales, rest], candidate_attributes(nation=nation, stances=given, **attributes)
        )

    assert chosen("Wales", "yes", "yes") is thanks
    assert chosen("Wales", "yes", None) is wales
    assert chosen("Wales") is wales
    assert chosen("England", "yes") is rest
    assert choose_variant([thanks], {}) is None


def test_what_all_answers_amount_to() -> None:
    def stance(**stances: str | None) -> str:
        attributes = candidate_attributes(
            party="A", party_id="PP1", nation="", region="", stances=stances
        )
        return attributes["stance"]

    assert stance() == stance(a=None) == "none"
    assert stance(a="no", b="no") == "no"
    assert stance(a="yes", b=None) == "mixed"


@pytest.mark.parametrize(
    "condition", [{"religion": "x"}, {"stance": "maybe"}, {"stance:peer": "perhaps"}]
)
def test_a_condition_that_could_never_hold_is_refused(condition: dict[str, str]) -> None:
    with pytest.raises(TemplateInvalid):
        check_condition(condition)
    check_condition({"stance:peer": "no", "party": "A", "nation": "Wales"})


def test_recipients_of_the_same_text_share_an_editor() -> None:
    groups = group_drafts([draft(1), draft(2, body="Thank you."), draft(3)])
    assert [group.candidacy_ids for group in groups] == [(1, 3), (2,)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cd")), max_size=12))
def test_everybody_is_in_exactly_one_group(texts: list[tuple[str, str]]) -> None:
    drafts = [draft(n, subject=subject, body=body) for n, (subject, body) in enumerate(texts)]
    groups = group_drafts(drafts)
    assert sorted(each for group in groups for each in group.candidacy_ids) == list(
        range(len(drafts))
    )
    assert len({(group.subject, group.body) for group in groups}) == len(groups)


def test_a_letter_runs_from_greeting_to_signature() -> None:
    text = compose(greeting="Dear Ann,", body="Help.", name="Jane Smith", postcode="ZQ1 1AA")
    assert text == "Dear Ann,\n\nHelp.\n\nYours sincerely,\n\nJane Smith\nZQ1 1AA"


def test_the_name_is_put_where_the_template_wants_it() -> None:
    offered = draft(1, body=f"I am {NAME_PLACEHOLDER}.")
    (letter,) = prepare_letters(
        [offered], texts={1: (offered.subject, offered.body)}, name="Jane", postcode=None
    )
    assert "I am Jane." in letter.body
    assert not letter.is_personal


def test_only_those_with_a_text_get_a_letter() -> None:
    letters = prepare_letters(
        [draft(1), draft(2)], texts={2: ("Streets", "Mine.")}, name="Jane", postcode=None
    )
    assert [(each.candidacy_id, each.is_personal) for each in letters] == [(2, True)]


def test_the_same_text_has_the_same_hash_however_its_spaces_fall() -> None:
    assert text_hash("A  b", "c\n\nd ") == text_hash("A b", "c d")
    assert text_hash("A b", "c") != text_hash("A", "b c")


def test_one_press_is_told_from_another() -> None:
    letters = prepare_letters([draft(1)], texts={1: ("a", "b")}, name="Jane", postcode=None)
    same = {"key": "k", "campaign_id": 1, "email": "jane@example.org", "letters": letters}
    assert submission_digest(**same) == submission_digest(**same)
    for change in ({"key": "l"}, {"campaign_id": 2}, {"email": "x@example.org"}, {"letters": []}):
        assert submission_digest(**{**same, **change}) != submission_digest(**same)


def test_an_action_lapses_in_two_days_and_never_after_the_poll() -> None:
    day = timedelta(days=1)
    assert expires_at(NOW, poll_closes_at=NOW + 9 * day) == NOW + 2 * day
    assert expires_at(NOW, poll_closes_at=NOW + day) == NOW + day


@pytest.mark.parametrize(
    "name",
    [
        "Jane Smith",
        "J.R. Smith",
        "Siân ap Gwilym-Jones",
        "Seán O'Neill",
        "李小龍",
        "Dr. Ada L. Person III",
        "N. Couk",
    ],
)
def test_real_names_are_taken(name: str) -> None:
    assert clean_name(f"  {name} ") == name


@given(st.text(max_size=NAME_LIMIT + 20))
def test_a_clean_name_can_stand_in_a_header(text: str) -> None:
    try:
        name = clean_name(text)
    except TextInvalid:
        return
    assert 0 < len(name) <= NAME_LIMIT
    assert not any(ord(sign) < 32 or sign in "<>@\x7f\x85\u2028\u2029\u202e" for sign in name)
    assert clean_name(name) == name


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        body = clean_body(text)
    except TextInvalid:
        return
    assert "\r" not in body
    assert len(body) <= BODY_LIMIT
    assert clean_body(body) == body


def test_signs_that_hide_something_are_refused_or_dropped() -> None:
    assert clean_subject("Stre\u200bets\ufeff") == "Streets"
    for text in ("a\u202eb", "a\u2066b", "a\x1bb", "a\ufffdb"):
        with pytest.raises(TextInvalid):
            clean_subject(text)
