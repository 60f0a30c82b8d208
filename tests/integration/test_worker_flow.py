"""What keeps letters back in part: a campaign, a domain, a ramp; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.delivery import queries, service
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import DeliveryEvent, OutboxMessage
from campaign.delivery.returns import EventDecision, EventKind, Provider
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.delivery.service import domains, ramps
from campaign.delivery.worker import Worker, claiming
from tests.conftest import FrozenClock
from tests.integration.test_worker import MAIL, FakeChannel, Outbox

FREE = replace(MAIL, letters_per_hour=1_000, letters_per_day=1_000)
THROTTLED = DeliveryFailed("Less (421 4.7.0).", is_permanent=False, code=421, is_throttled=True)
ONE, TWO = campaign_scope(1), campaign_scope(2)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def outbox(database: Database, clock: FrozenClock) -> Outbox:
    return Outbox(database, clock)


@pytest.fixture
def worker(database: Database, channel: FakeChannel, clock: FrozenClock) -> Worker:
    return Worker(
        database=database, clock=clock, name="test", jitter=lambda: 0.5, channel=channel, mail=FREE
    )


def fill(outbox: Outbox, count: int, *, campaign: int = 1, domain: str = "example.org") -> None:
    with outbox.database.transaction() as session:
        for number in range(count):
            service.queue_message(
                session,
                mail=FREE,
                lane=Lane.LETTER,
                scope=campaign_scope(campaign),
                recipient=f"c{campaign}-{number}@{domain}",
                from_name="Jane Smith via Safer streets",
                subject="Safer streets",
                body="Dear candidate,\n",
                now=outbox.clock(),
            )


def claim(
    outbox: Outbox, *, after: str = "", claimer: str = "another", **changes: int
) -> list[claiming.Claim]:
    with outbox.database.transaction() as session:
        return claiming.claim_messages(
            session,
            claimer=claimer,
            mail=replace(FREE, **changes),
            now=outbox.clock(),
            after=after,
        )


def test_campaigns_have_their_turns(outbox: Outbox, worker: Worker, channel: FakeChannel) -> None:
    for scope in (ONE, TWO):
        outbox.do(lambda s, scope=scope: ramps.pass_ramp(s, scope, outbox.clock()))
    fill(outbox, 60, campaign=1)
    fill(outbox, 15, campaign=2)
    worker.run_once()
    assert len(channel.sent) == 75
    first_of_two = [name.startswith("c2-") for name in channel.recipients()]
    assert first_of_two[:40].count(True) == 15, "the small campaign waits for no other"


def test_a_paused_campaign_is_not_looked_at(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(outbox, 30, campaign=1)
    fill(outbox, 3, campaign=2)
    outbox.do(lambda s: service.pause(s, scope=ONE, actor="O", reason="", now=outbox.clock()))
    looked_at: list[str] = []
    real = claiming.choose
    monkeypatch.setattr(claiming, "choose", lambda *args: looked_at.append(args[2]) or real(*args))
    assert {each.message.scope for each in claim(outbox)} == {TWO}
    assert looked_at == [TWO]
    outbox.do(lambda s: service.resume(s, ONE))
    assert {each.message.scope for each in claim(outbox)} == {ONE}


def test_a_domain_that_wants_less_is_left_alone_and_others_go_on(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 12, campaign=1, domain="busy.example.org")
    fill(outbox, 12, campaign=2, domain="calm.example.org")
    outbox.queue("asks@busy.example.org", lane=Lane.CONFIRMATION)

    def throttle(message: Outgoing) -> None:
        is_letter = message.recipient.endswith("@busy.example.org")
        channel.answer = THROTTLED if is_letter else None

    channel.before = throttle
    worker.run_once()
    tried = [m.recipient for m in channel.tried if m.recipient.endswith("@busy.example.org")]
    assert tried[0] == "asks@busy.example.org", "a confirmation is tried all the same"
    assert len(tried) == 1, "its answer holds for every letter"
    assert len(channel.sent) == 12
    with outbox.database.reader() as session:
        (pause,) = queries.list_domain_pauses(session, clock())
        assert (pause.domain, pause.refusals) == ("busy.example.org", 1)
        assert pause.ends_at == clock() + timedelta(minutes=5)
        assert (
            session.query(OutboxMessage.id)
            .filter(OutboxMessage.due_at <= clock())
            .filter(OutboxMessage.status == MessageStatus.QUEUED)
            .count()
            == 0
        ), "none of them is met again by the next claim"
    clock.advance(minutes=5)
    worker.run_once()
    channel.before = lambda _message: None
    channel.answer = None
    clock.advance(minutes=30)
    worker.run_once()
    assert len(channel.sent) == 25


def test_pauses_of_a_domain_grow_and_shrink(outbox: Outbox, clock: FrozenClock) -> None:
    def pause() -> float:
        with outbox.database.transaction() as session:
            found = domains.pause_domain(session, "example.org", reason="421", now=clock())
            return (found.ends_at - clock()).total_seconds() / 60

    assert pause() == 5
    clock.advance(minutes=1)
    assert pause() == 4, "what others were told meanwhile counts once"
    for expected in (10, 20, 40, 60, 60):
        clock.advance(hours=1)
        assert pause() == expected
    outbox.do(lambda s: domains.ease_domain(s, "example.org", clock()))
    clock.advance(hours=1)
    for _ in range(2):
        outbox.do(lambda s: domains.ease_domain(s, "example.org", clock()))
    assert pause() == 10
    clock.advance(hours=1)
    for _ in range(3):
        outbox.do(lambda s: domains.ease_domain(s, "example.org", clock()))
    assert pause() == 5


def test_a_person_can_end_the_pause_of_a_domain(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 5, domain="busy_.example.org")
    fill(outbox, 1, campaign=2, domain="busyx.example.org")
    outbox.do(lambda s: domains.pause_domain(s, "busy_.example.org", reason="421", now=clock()))
    worker.run_once()
    assert len(channel.sent) == 1
    later = outbox.queue("later@busy_.example.org", due_at=clock() + timedelta(days=1))
    with outbox.database.transaction() as session:
        assert domains.resume_domain(session, "busy_.example.org", clock()) == 5
    worker.run_once()
    assert len(channel.sent) == 6
    assert outbox.get(later).status is MessageStatus.QUEUED


def test_no_domain_has_more_under_way_than_its_share(outbox: Outbox, clock: FrozenClock) -> None:
    fill(outbox, 30, campaign=1, domain="big.example.org")
    fill(outbox, 4, campaign=2, domain="small.example.org")
    shares = [claim(outbox, letters_at_once_to_domain=12, after=ONE) for _ in range(4)]
    counted = [each.message.recipient_key.rpartition("@")[2] for ids in shares for each in ids]
    assert counted.count("big.example.org") == 12
    assert counted.count("small.example.org") == 4
    assert claim(outbox, letters_at_once_to_domain=12) == []
    for each in shares[0] + shares[1] + shares[2]:
        outbox.do(
            lambda s, each=each: claiming.release_messages(s, [each.message_id], claimer="another")
        )
    clock.advance(seconds=10)
    assert claim(outbox, letters_at_once_to_domain=12)


def test_a_ramp_lets_exactly_its_places_leave_whoever_claims(outbox: Outbox) -> None:
    fill(outbox, 120)
    barrier = Barrier(4)

    def claim_all(name: str) -> list[int]:
        barrier.wait()
        claimed: list[int] = []
        for _ in range(15):
            claimed += [each.message_id for each in claim(outbox, claimer=name)]
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for ids in pool.map(claim_all, "abcd") for each in ids]
    while batch := claim(outbox):
        claimed += [each.message_id for each in batch]
    assert len(claimed) == len(set(claimed)) == 50


def test_a_ramp_goes_on_by_itself(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 600)
    outbox.queue("notice@example.org", lane=Lane.NOTICE)
    worker.run_once()
    assert len(channel.sent) == 51, "notices are on no ramp"
    clock.advance(seconds=10)
    worker.run_once()
    assert len(channel.sent) == 51, "it waits for bounces"
    assert step_of(outbox) == (0, True, False)
    with outbox.database.reader() as session:
        assert queries.count_due(session, clock()) == 0, "nobody is to be alarmed"
    clock.advance(minutes=30)
    worker.run_once()
    worker.run_once()
    assert len(channel.sent) == 551
    clock.advance(seconds=10)
    worker.run_once()
    clock.advance(hours=1)
    worker.run_once()
    worker.run_once()
    assert len(channel.sent) == 601
    assert step_of(outbox) == (2, False, False)


def test_a_letter_that_is_tried_again_needs_no_other_place(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 80)
    channel.answer = DeliveryFailed("Later (451).", is_permanent=False, code=451)
    worker.run_once()
    assert len(channel.tried) == 50
    channel.answer = None
    clock.advance(minutes=2)
    worker.run_once()
    assert len(channel.sent) == 50
    assert {m.message_id for m in channel.sent} == {m.message_id for m in channel.tried[:50]}


def test_a_letter_that_is_taken_back_gives_its_place_to_another(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 51)
    first = [each.message_id for each in claim(outbox)]
    for message_id in first:
        outbox.do(
            lambda s, each=message_id: claiming.release_messages(s, [each], claimer="another")
        )
    outbox.do(lambda s: service.cancel_message(s, first[0]))
    worker.run_once()
    clock.advance(seconds=10)
    worker.run_once()
    assert len(channel.sent) == 50


def test_too_many_bounces_stop_the_campaign_until_a_person_decides(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 100)
    fill(outbox, 3, campaign=2)
    worker.run_once()
    bounce(outbox, 1, EventKind.HARD_BOUNCE)
    bounce(outbox, 2, EventKind.UNREADABLE, EventDecision.HARD)
    bounce(outbox, 2, EventKind.HARD_BOUNCE)
    bounce(outbox, 4, EventKind.MAILBOX_FULL)
    clock.advance(seconds=10)
    worker.run_once()
    assert step_of(outbox) == (0, True, False), "two of fifty are few enough"
    bounce(outbox, 3, EventKind.HARD_BOUNCE)
    clock.advance(seconds=10)
    worker.run_once()
    assert step_of(outbox) == (0, False, True)
    with outbox.database.reader() as session:
        pause = queries.find_pause(session, ONE)
        assert pause is not None
        assert pause.actor == ramps.RAMP
        assert pause.reason == "3 of 50 letters of this step came back for good."
        assert pause.ends_at is None
        assert queries.find_pause(session, TWO) is None
    clock.advance(days=1)
    worker.run_once()
    assert len(channel.sent) == 53
    outbox.do(lambda s: service.resume(s, ONE))
    assert step_of(outbox) == (1, False, False)
    worker.run_once()
    assert len(channel.sent) == 103


def test_refusals_at_the_door_are_bounces(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 100)
    channel.answer = DeliveryFailed("No such mailbox (550).", is_permanent=True, code=550)
    worker.run_once()
    clock.advance(seconds=10)
    worker.run_once()
    assert step_of(outbox) == (0, False, True)
    assert len(channel.tried) == 50


def test_a_person_s_pause_stays_theirs_when_a_ramp_stops(
    outbox: Outbox, worker: Worker, clock: FrozenClock
) -> None:
    fill(outbox, 60)
    worker.run_once()
    outbox.do(lambda s: service.pause(s, scope=ONE, actor="Olive", reason="why", now=clock()))
    for message_id in (1, 2, 3):
        bounce(outbox, message_id, EventKind.HARD_BOUNCE)
    clock.advance(seconds=10)
    worker.run_once()
    with outbox.database.reader() as session:
        pause = queries.find_pause(session, ONE)
        assert pause is not None
        assert pause.actor == "Olive"
        assert [each.scope for each in queries.list_stopped_ramps(session)] == [ONE]


def test_a_campaign_past_its_ramp_has_no_steps(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    outbox.do(lambda s: ramps.pass_ramp(s, ONE, clock()))
    fill(outbox, 70)
    worker.run_once()
    assert len(channel.sent) == 70


def test_letters_that_wait_for_a_ramp_take_nobody_s_place_at_a_candidate(
    outbox: Outbox, clock: FrozenClock, database: Database, channel: FakeChannel
) -> None:
    fill(outbox, 50, campaign=1)
    strict = Worker(database=database, clock=clock, channel=channel, mail=MAIL)
    strict.run_once()
    for _ in range(4):
        outbox.queue("shared@example.org", campaign=1)
    for _ in range(4):
        outbox.queue("shared@example.org", campaign=2)
    clock.advance(seconds=10)
    strict.run_once()
    # The one place of the moment.
    assert channel.recipients().count("shared@example.org") == 1


def test_a_switch_stops_a_campaign_within_one_message(
    outbox: Outbox, worker: Worker, channel: FakeChannel, clock: FrozenClock
) -> None:
    fill(outbox, 40)

    def pull(_message: Outgoing) -> None:
        if len(channel.tried) == 13:
            outbox.do(lambda s: service.pause(s, scope=ONE, actor="O", reason="", now=clock()))

    channel.before = pull
    worker.run_once()
    assert len(channel.sent) == 13, "the one in hand, and none after it"


def step_of(outbox: Outbox, scope: str = ONE) -> tuple[int, bool, bool]:
    """Return the step, whether it waits, whether it has stopped."""
    with outbox.database.reader() as session:
        ramp = queries.find_ramp(session, scope)
        assert ramp is not None
        return ramp.step, ramp.waits_until is not None, ramp.stopped_at is not None


def bounce(
    outbox: Outbox, message_id: int, kind: EventKind, decision: EventDecision | None = None
) -> None:
    def add(session: Session) -> None:
        session.add(
            DeliveryEvent(
                provider=Provider.MAIL,
                event_id=f"{message_id} {kind} {decision}",
                outbox_message_id=message_id,
                kind=kind,
                address_key="somebody@example.org",
                received_at=outbox.clock(),
                decision=decision,
            )
        )

    act: Callable[[Session], object] = add
    outbox.do(act)
