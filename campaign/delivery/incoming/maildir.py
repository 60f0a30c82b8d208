"""A Maildir: files in ``new``, each moved to ``cur`` once it has been taken."""

from collections.abc import Iterator
from pathlib import Path

from campaign.core.errors import InvalidInput
from campaign.delivery.incoming.mail import MAXIMUM_BYTES


class NotAMaildir(InvalidInput):
    """The folder has no ``new`` and ``cur`` in it, or they cannot be used."""


def list_new(folder: Path) -> Iterator[Path]:
    """Yield the files that nobody has taken yet, the oldest first; raises NotAMaildir."""
    try:
        if not (folder / "cur").is_dir():
            raise NotAMaildir("The folder is not a Maildir: it has no folder cur in it.")
        # Not every name sorts by time, so the files say it themselves.
        found = sorted(
            (each for each in (folder / "new").iterdir() if each.name[0] != "." and each.is_file()),
            key=lambda each: (each.stat().st_mtime, each.name),
        )
    except OSError as error:
        raise NotAMaildir(
            f"The folder new of the Maildir cannot be read: {error.strerror}."
        ) from error
    yield from found


def read_file(path: Path) -> bytes:
    """Return as much of a mail as is looked at."""
    with path.open("rb") as file:
        return file.read(MAXIMUM_BYTES)


def mark_taken(path: Path) -> None:
    """Move a file from ``new`` to ``cur``, seen."""
    path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,S")
