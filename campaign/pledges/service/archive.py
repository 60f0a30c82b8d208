"""Copies of sources, kept as files that are named by their hash."""

import hashlib
from pathlib import Path

from campaign.pledges.errors import PledgeInvalid

COPY_LIMIT = 10 * 1024 * 1024
"""Octets of one archived copy."""


def keep_copy(folder: Path, content: bytes) -> str:
    """Keep a copy of a source and return its SHA-256; the same content is kept once.

    Raises PledgeInvalid for an empty file or one over ``COPY_LIMIT``.
    """
    if not content:
        raise PledgeInvalid("The file of the copy is empty.")
    if len(content) > COPY_LIMIT:
        raise PledgeInvalid("The copy is larger than 10 megabytes. Save a smaller one, as a PDF.")
    name = hashlib.sha256(content).hexdigest()
    path = _path(folder, name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(path)  # A copy is there whole, or not at all.
    return name


def find_copy(folder: Path, sha256: str) -> Path | None:
    """Return the file of this hash, where this installation keeps it."""
    path = _path(folder, sha256)
    return path if sha256 and path.is_file() else None


def _path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256
