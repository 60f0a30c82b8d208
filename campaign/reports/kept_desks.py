"""Writing desks of the constituencies that many people write in now, kept for a few seconds.

A desk is the same for everybody, and to read it costs more than to accept a letter. What it says
of a candidate may be some seconds old: who may be written to is asked again when letters are
accepted, and once more when they are confirmed.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from campaign.core.db import Database
from campaign.letters.service import check_open
from campaign.reports.public_version import read_public_version
from campaign.reports.writing_desk import WritingDesk, open_desk

LONGEST_SECONDS = 10.0
"""A desk is read anew after this, whatever the version says: it does not cover every word."""
VERSION_SECONDS = 1.0
"""How long a version of what the public sees is believed before it is read again."""
MAX_DESKS = 50
"""Desks in each process, some ten kilobytes each. The longest unused goes first."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A desk, and the version of before it was read."""

    desk: WritingDesk
    version: object
    read_at: float


class DeskKeeper:
    """The desks, shared by the threads of a process: nobody may change what they hold."""

    def __init__(
        self, database: Database, *, is_kept: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._is_kept = is_kept
        self._clock = clock
        self._desks: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._version: tuple[float, object] = (-VERSION_SECONDS, None)

    def open(self, *, campaign_slug: str, constituency_slug: str, now: datetime) -> WritingDesk:
        """Return the desk at an address; raises a NotFound, or LettersClosed when it is too late.

        It belongs to no session: only what pages show of it is there.
        """
        key = campaign_slug, constituency_slug
        version = self._read_version()
        with self._lock:
            kept = self._desks.get(key)
            if kept is not None:
                self._desks.move_to_end(key)
        if kept is None or kept.version != version or self._is_old(kept):
            begun = self._clock()
            with self._database.reader() as session:
                desk = open_desk(
                    session,
                    campaign_slug=campaign_slug,
                    constituency_slug=constituency_slug,
                    now=now,
                )
            kept = _Kept(desk, version, begun)
            if self._is_kept:
                self._keep(key, kept)
        check_open(kept.desk.campaign, kept.desk.ballot.election, now)
        return kept.desk

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        with self._lock:
            self._desks[key] = kept
            self._desks.move_to_end(key)
            if len(self._desks) > MAX_DESKS:
                self._desks.popitem(last=False)

    def _is_old(self, kept: _Kept) -> bool:
        return self._clock() - kept.read_at >= LONGEST_SECONDS

    def _read_version(self) -> object:
        if not self._is_kept:
            return None
        read_at, version = self._version
        begun = self._clock()
        if begun - read_at >= VERSION_SECONDS:
            version = read_public_version(self._database)
            self._version = begun, version
        return version
