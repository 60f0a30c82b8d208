"""``campaign deliver``: the delivery worker."""

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import cast

import click
from flask import current_app
from sqlalchemy.exc import InterfaceError, OperationalError

from campaign.delivery.worker import Worker


class SignalStop:
    """Set by SIGTERM or Ctrl-C; a second signal ends the process at once.

    Not a ``threading.Event``: its lock could be held by the very wait that the signal interrupts.
    """

    def __init__(self) -> None:
        self._is_set = False

    def listen(self) -> None:
        """Catch the two signals from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._caught)

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        ends_at = None if timeout is None else time.monotonic() + timeout
        while not self._is_set and (ends_at is None or time.monotonic() < ends_at):
            time.sleep(0.1)
        return self._is_set

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        self._is_set = True
        signal.signal(number, signal.SIG_DFL)


@click.command("deliver")
@click.option("--once", is_flag=True, help="Send what is due, then end.")
def deliver(*, once: bool) -> None:
    """Send the messages of the outbox until stopped."""
    make_worker = cast(Callable[[], Worker], current_app.extensions["campaign.make_worker"])
    worker = make_worker()
    if not once:
        stop = SignalStop()
        stop.listen()
        worker.run(stop)
        return
    try:
        worker.run_once()
    except (OperationalError, InterfaceError) as error:
        raise click.ClickException("The database does not answer; nothing was sent.") from error
    finally:
        worker.close()
    if worker.channel_failure is not None:
        raise click.ClickException(
            f"{worker.channel_failure} What is due stays in the outbox and is tried again."
        )
