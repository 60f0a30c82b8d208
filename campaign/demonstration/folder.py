"""The folder of the demonstration: one process group at a time, and a fresh start."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.core.errors import Refused

_OWNED = ("campaign.sqlite", "campaign.sqlite-wal", "campaign.sqlite-shm", "organiser_password")
_OWNED_FOLDERS = ("mailbox",)


class DemonstrationRuns(Refused):
    """Another process group uses this folder."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep every other demonstration out of this folder; raises DemonstrationRuns."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemonstrationRuns(
                "The demonstration runs already, from the same folder; end that one with Ctrl-C."
            ) from error
        yield
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove what the demonstration made; anything else in the folder stays."""
    for name in _OWNED:
        (folder / name).unlink(missing_ok=True)
    # Other files of ours that hold counts or links of the old database.
    for path in folder.glob("*.sqlite*"):
        path.unlink(missing_ok=True)
    for name in _OWNED_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)


def organiser_password(folder: Path) -> str:
    """Return the password of the demonstration's organiser, made once and kept in a private file.

    It can be printed at every start, because it opens nothing but invented data on this machine.
    """
    path = folder / "organiser_password"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password := secrets.token_urlsafe(12))
    return password
