"""The shapes of answers. They describe and check nothing: reports make the values already so."""

from typing import Any

from marshmallow import Schema, fields, validate

from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import Channel, DisputeState, EventKind, Stance


def _text(description: str, **more: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description}, **more)


def _count(description: str, **more: Any) -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(min=0),
        metadata={"description": description},
        **more,
    )


def _flag(description: str) -> fields.Boolean:
    return fields.Boolean(required=True, metadata={"description": description})


def _one_of(values: Any, description: str, **more: Any) -> fields.String:
    known = [value.value for value in values]
    # None must be named among the values as well, or a strict reader refuses it.
    choices = [*known, None] if more.get("allow_none") else known
    return fields.String(
        metadata={"description": description, "enum": choices},
        required=more.pop("required", True),
        **more,
    )


class Answer(Schema):
    """What stands in every answer: under which licence, whom to name, who publishes it."""

    licence = _text("Licence of the data.")
    credit = _text("Whom to name where you use it.")
    imprint = _text("Who promotes this material, and on whose behalf.")

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return what the report made: building it twice would take most of the time."""
        return obj


class Contact(Schema):
    """A named human to ask."""

    name = _text("Name.")
    email = _text("E-mail address.")


class Campaign(Schema):
    """A campaign: one set of asks to the candidates of one election."""

    campaign = _text("Name in addresses.")
    name = _text("Name.")
    organisation = _text("Who runs it.")
    summary = _text("What it is about.")
    status = _one_of(
        [CampaignStatus.LIVE, CampaignStatus.CLOSED], "A closed campaign can still be read."
    )
    election_id = _text("Democracy Club's id of the election.")
    contact = fields.Nested(Contact, required=True)
    imprint = _text("Who promotes it.")
    url = _text("Its page.")


class Election(Schema):
    """The election whose candidates are asked."""

    election_id = _text("Democracy Club's id.")
    name = _text("Name.")
    polling_day = fields.Date(required=True)


class AskVersion(Schema):
    """A wording that an ask has or had."""

    version = _count("Number, from 1.")
    title = _text("Short form.")
    wording = _text("The full sentence.")
    created_at = fields.AwareDateTime(required=True)


class Ask(Schema):
    """One thing that every candidate is asked to commit to."""

    ask = _text("Stable name, whatever the wording.")
    position = _count("Order, from 1.")
    is_retired = _flag("Not asked any more; the record may have answers to it.")
    version = _count("Number of the wording of today.")
    title = _text("Short form of today.")
    wording = _text("The full sentence of today.")
    versions = fields.List(fields.Nested(AskVersion), required=True)


class Counts(Schema):
    """Counts of candidates; standing is the denominator of the others."""

    standing = _count("Candidates who stand on a ballot that is held.")
    reachable = _count("Of these, those with a known e-mail address.")
    asked = _count("Of these, those to whom a letter or an invitation was sent.")
    answered = _count("Of these, those who answered at least one ask.")
    agreed = _count("Of these, those who said yes to at least one, with or without reservations.")


class StanceCounts(Schema):
    """How many gave each answer."""

    yes = _count("Yes.")
    yes_with_reservations = _count("Yes, with reservations.")
    partly = _count("Partly.")
    no = _count("No.")
    declined = _count("Declined to answer.")


class AskTotals(Schema):
    """How one ask was answered."""

    ask = _text("Name of the ask.")
    title = _text("Its short form.")
    standing = _count("The denominator: candidates who stand.")
    answered = _count("Of these, those who answered this ask.")
    stances = fields.Nested(StanceCounts, required=True)


class Constituency(Schema):
    """A constituency with the counts of its candidates."""

    constituency = _text("Name in addresses.")
    name = _text("Name.")
    name_cy = _text("Welsh name; empty where there is none.")
    gss_code = _text("Code of the Government Statistical Service.")
    nation = _text("Nation.")
    region = _text("Region.")
    ballot_id = _text("Democracy Club's id; null while nobody is known to stand.", allow_none=True)
    is_cancelled = _flag("Whether the poll is cancelled; its candidates are in no count.")
    candidates = fields.Nested(Counts, required=True)
    url = _text("Its page.")


class Place(Schema):
    """Where a candidate stands for election."""

    constituency = _text("Name in addresses.")
    name = _text("Name.")
    gss_code = _text("Code of the Government Statistical Service.")


class Party(Schema):
    """For whom a candidate stands."""

    party_id = _text("Id of the Electoral Commission, or a label of Democracy Club.")
    name = _text("Name on the ballot paper.")


class CandidateStance(Schema):
    """Where a candidate stands on one ask; null is no answer yet, which is no refusal."""

    ask = _text("Name of the ask.")
    stance = _one_of(Stance, "The answer; null for none yet.", allow_none=True)
    ask_version = fields.Integer(metadata={"description": "Number of the wording answered."})
    statement = fields.String(metadata={"description": "Public statement in their own words."})
    channel = _one_of(Channel, "How the answer came.", required=False)
    source_url = fields.String(metadata={"description": "Where it can be seen; may be empty."})
    quote = fields.String(metadata={"description": "What the source says; may be empty."})
    verification_level = fields.Integer(
        validate=validate.Range(min=0, max=3),
        metadata={"description": "0 entered, 1 with a source, 2 seen by a second, 3 first hand."},
    )
    recorded_at = fields.AwareDateTime()
    valid_from = fields.Date(
        allow_none=True,
        metadata={"description": "Day on which it was said; null for that of recording."},
    )
    archive_sha256 = fields.String(metadata={"description": "SHA-256 of a kept copy, or empty."})
    archive_url = fields.String(metadata={"description": "A copy at a public archive, or empty."})
    sequence = fields.Integer(metadata={"description": "Its place among the events."})
    dispute = _one_of(
        [DisputeState.OPEN, DisputeState.KEPT],
        "Whether the candidate objects to the entry: open, or kept after an organiser looked.",
        required=False,
        allow_none=True,
    )
    is_hidden = fields.Boolean(
        metadata={"description": "Whether its texts are out of public view; they are empty then."}
    )


class Candidate(Schema):
    """Somebody who stands, and their answers."""

    person_id = _count("Democracy Club's id of the person.")
    name = _text("Name on the ballot paper.")
    ballot_id = _text("Democracy Club's id of the ballot.")
    constituency = fields.Nested(Place, required=True)
    party = fields.Nested(Party, required=True)
    status = _one_of(CandidacyStatus, "Standing, withdrawn, elected or not.")
    is_counted = _flag("Whether they are in the counts: not withdrawn, and the poll is held.")
    is_reachable = _flag("Whether an e-mail address is known.")
    is_asked = _flag("Whether a letter or an invitation was sent to them.")
    invited_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When the campaign's invitation left; null where none has."},
    )
    stances = fields.List(fields.Nested(CandidateStance), required=True)
    url = _text("Their page, with every change.")


class Record(Schema):
    """What an event's hash is of: SHA-256 of these fields as JSON, sorted, without spaces."""

    campaign = _text("Name of the campaign.")
    sequence = _count("Place in the chain.")
    kind = _one_of(EventKind, "What it does.")
    person_id = _count("Democracy Club's id on the day it was recorded.")
    ballot_id = _text("Democracy Club's id of the ballot.")
    ask = _text("Name of the ask.")
    ask_version = _count("Number of the wording.")
    refers_to = _count("Sequence of the entry that it is about.", allow_none=True)
    stance = _one_of(Stance, "The answer; null for a withdrawal or review.", allow_none=True)
    statement = _text("Public statement; may be empty.")
    channel = _one_of(Channel, "How it came.")
    source_url = _text("Source; may be empty.")
    quote = _text("Quote from the source; may be empty.")
    verification_level = _count("0 to 3.")
    entered_by = _text("candidate, or a number for an organiser.")
    recorded_at = fields.AwareDateTime(required=True)
    previous_hash = _text("Hash of the event before.")
    form = fields.Integer(
        validate=validate.Range(min=2),
        metadata={"description": "2; without it and the four below, an event of form 1."},
    )
    archive_sha256 = fields.String(metadata={"description": "SHA-256 of a kept copy, or empty."})
    archive_url = fields.String(metadata={"description": "A copy at a public archive, or empty."})
    reason = fields.String(metadata={"description": "An organiser's reason, or empty."})
    valid_from = fields.Date(
        allow_none=True,
        metadata={"description": "Day on which it was said; null for that of recording."},
    )


class Event(Schema):
    """One entry of the record. Content that is not public is left out, its hash never."""

    sequence = _count("Place in the chain, from 1 without a gap.")
    hash = _text("SHA-256 in hexadecimal.")
    previous_hash = _text("Hash of the event before; 64 noughts at first.")
    is_public = _flag(
        "Whether its content is public: not where it waits, was rejected or is hidden."
    )
    person_id = _count("Democracy Club's id of today; null where not public.", allow_none=True)
    record = fields.Nested(Record, required=True, allow_none=True)


class CampaignAnswer(Answer):
    """One campaign with its election and its asks."""

    campaign = fields.Nested(Campaign, required=True)
    election = fields.Nested(Election, required=True)
    asks = fields.List(fields.Nested(Ask), required=True)


class Seats(Schema):
    """How many results are known; until all are, ``elected`` counts the members known so far."""

    known = _count("Constituencies of which it is known who was elected.")
    contested = _count("All whose poll is held and where anybody stands.")


class TotalsAnswer(Answer):
    """How far a campaign has come."""

    campaign = _text("Name of the campaign.")
    as_of = fields.AwareDateTime(
        required=True, metadata={"description": "When this was counted, to the minute."}
    )
    candidates = fields.Nested(Counts, required=True)
    elected = fields.Nested(
        Counts,
        required=True,
        allow_none=True,
        metadata={"description": "The same of the members elected; null before the results."},
    )
    seats = fields.Nested(Seats, required=True)
    withdrawn = _count("Candidates who withdrew; in no other count.")
    cancelled_ballots = _count("Ballots that are not held; their candidates are in no count.")
    asks = fields.List(fields.Nested(AskTotals), required=True)
    supporters = _count(
        "People who confirmed a letter, at least: 23 are told as 20. Null below five.",
        allow_none=True,
    )
    letters = _count(
        "Letters that they confirmed, at least, as with people. Null below five people.",
        allow_none=True,
    )


class ConstituencyAnswer(Answer):
    """One constituency and everybody who stands there."""

    constituency = fields.Nested(Constituency, required=True)
    candidates = fields.List(fields.Nested(Candidate), required=True)


class CandidateAnswer(Answer):
    """One candidate."""

    candidate = fields.Nested(Candidate, required=True)


class CampaignList(Schema):
    """Campaigns that are live or closed."""

    licence = _text("Licence of the data.")
    credit = _text("Whom to name where you use it; the imprint stands at each campaign.")
    items = fields.List(fields.Nested(Campaign), required=True)

    dump = Answer.dump


class AskList(Answer):
    """The asks of a campaign."""

    items = fields.List(fields.Nested(Ask), required=True)


class ConstituencyList(Answer):
    """Constituencies by name."""

    items = fields.List(fields.Nested(Constituency), required=True)


class CandidateList(Answer):
    """Candidates by constituency, then by surname as on the ballot paper."""

    items = fields.List(fields.Nested(Candidate), required=True)


class EventList(Answer):
    """The record, oldest first."""

    items = fields.List(fields.Nested(Event), required=True)


class CandidateFilter(Schema):
    """Which candidates are wanted."""

    constituency = fields.String(
        validate=validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$"),
        metadata={"description": "Name of a constituency in addresses."},
    )


class Problem(Schema):
    """An error, by RFC 9457."""

    status = fields.Integer(required=True)
    title = _text("What kind of error it is.")
    next_step = _text("What to do about it.")
    documentation = fields.String()
    detail = fields.String(metadata={"description": "What is wrong here."})
    errors = fields.Dict(metadata={"description": "What is wrong with which parameter."})
