"""How long the public may still see what was true before a candidate answered.

Candidates answer through their links on a running server whose pages are all kept by its workers.
From then on every page is asked for over and over, each time by somebody new. What counts is the
last old page that anybody was given, and for how long a browser may go on showing it: its
``max-age``, less its ``Age``. Besides the tracker, every page and file that has the answer.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from sqlalchemy import select

from bench.results import Result
from bench.serving import HOST, Site, served
from bench.supporters import FormReader
from bench.world import CAMPAIGN, World, election_world
from campaign.candidates.models import Candidacy
from campaign.core.tokens import Signer
from campaign.pledges.models import PledgeEvent
from campaign.pledges.service import answer_token

SECRET = "known to the measurement, which makes the candidates' links"
ANSWERS = 5
WATCH_SECONDS = 7.0
"""Longer than the aim: an old page that comes later still is found."""
WARM_ROUNDS = 8
"""So that each worker has each page."""


@dataclass(frozen=True)
class Answerer:
    """A candidate who has not answered anything yet, and their link."""

    person_id: int
    constituency: str
    token: str
    statement: str

    def marks(self) -> dict[str, str]:
        """Return each address that shows the answer, with what stands there once more for it."""
        return {
            f"/{CAMPAIGN}/pledges/": f"/candidates/{self.person_id}/",
            f"/{CAMPAIGN}/{self.constituency}/": 'class="badge badge--yes"',
            f"/{CAMPAIGN}/candidates/{self.person_id}/": self.statement,
            f"/{CAMPAIGN}/pledges/feed.atom": self.statement,
            f"/{CAMPAIGN}/pledges.csv": self.statement,
            f"/embed/{CAMPAIGN}/candidate/{self.person_id}/": 'class="badge badge--yes"',
            f"/api/v1/campaigns/{CAMPAIGN}/candidates/{self.person_id}": self.statement,
        }


def measure() -> Iterator[Result]:
    """Yield for how many seconds at most an old page can be seen."""
    world = election_world(with_postcodes=False)
    settings = {**world.environment, "SECRET_KEY": SECRET, "RATE_LIMITS": "false"}
    oldest: dict[str, float] = {}
    with served("wsgi:app", settings) as site:
        for answerer in _answerers(world):
            for path, seconds in _watch(site, answerer).items():
                page = path.replace(answerer.constituency, "…").replace(
                    str(answerer.person_id), "…"
                )
                oldest[page] = max(oldest.get(page, 0.0), seconds)
    yield Result(
        name="freshness/answer",
        ratio=max(oldest.values()),
        aim=5,
        bound="at most",
        unit="seconds until nobody sees what was before",
        note=f"{ANSWERS} answers; "
        + ", ".join(f"{page} {seconds:.1f}" for page, seconds in oldest.items()),
    )


def _answerers(world: World) -> list[Answerer]:
    database = world.open()
    signer = Signer(SECRET)
    with database.reader() as session:
        silent = session.scalars(
            select(Candidacy)
            .where(Candidacy.id.not_in(select(PledgeEvent.candidacy_id)))
            .order_by(Candidacy.id)
            .limit(ANSWERS)
        ).all()
        found = [
            Answerer(
                person_id=each.person_id,
                constituency=each.ballot.constituency.slug,
                token=answer_token(session, signer, campaign_id=1, candidacy_id=each.id),
                statement=f"I said so on day {number} of this measurement.",
            )
            for number, each in enumerate(silent, start=1)
        ]
    database.dispose()
    if len(found) < ANSWERS:
        raise RuntimeError("everybody has answered already")
    return found


def _watch(site: Site, answerer: Answerer) -> dict[str, float]:
    """Let a candidate answer; return how long each page may still be seen as it was before."""
    marks = answerer.marks()
    before: dict[str, int] = {}
    for _ in range(WARM_ROUNDS):
        before |= {path: _fetch(site, path)[1].count(mark) for path, mark in marks.items()}
    _answer(site, answerer)
    answered_at = time.monotonic()
    oldest = dict.fromkeys(marks, 0.0)
    seen: set[str] = set()
    while (asked_at := time.monotonic()) - answered_at < WATCH_SECONDS:
        for path, mark in marks.items():
            left, text = _fetch(site, path)
            if text.count(mark) > before[path]:
                seen.add(path)
            else:
                oldest[path] = max(oldest[path], asked_at - answered_at + left)
    if missing := set(marks) - seen:
        raise RuntimeError(f"the answer was never shown by {', '.join(sorted(missing))}")
    return oldest


def _fetch(site: Site, path: str) -> tuple[float, str]:
    """Return for how many seconds a page may be kept by who asked, and its text."""
    status, headers, body = site.get(path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    allowed = re.search(r"max-age=(\d+)", headers.get("cache-control", ""))
    left = int(allowed[1]) - int(headers.get("age", "0")) if allowed else 0
    return max(0.0, left), body.decode()


def _answer(site: Site, answerer: Answerer) -> None:
    """Say yes to the first ask, with a statement, by the form behind the link."""
    path = f"/answer/{answerer.token}/"
    status, headers, body = site.get(path)
    if status != 200:
        raise RuntimeError(f"the link opens no form: {status}")
    reader = FormReader()
    reader.feed(body.decode())
    ask = next(name for name, _ in reader.fields if name.startswith("statement-"))
    fields = dict(reader.fields) | {
        ask: answerer.statement,
        ask.replace("statement-", "stance-"): "yes",
        "step": "publish",
    }
    connection = HTTPConnection(HOST, site.port, timeout=30)
    connection.request(
        "POST",
        path,
        urlencode(fields),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": headers.get("set-cookie", "").partition(";")[0],
            "Referer": f"{site.url}{path}",
        },
    )
    answer = connection.getresponse()
    if answer.status != 303:
        raise RuntimeError(f"not published: {answer.status} {answer.read().decode()[:3000]}")
    connection.close()
