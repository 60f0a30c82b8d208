"""Errors of the importers: what is wrong with a file, and where."""

from campaign.core.errors import InvalidInput, Refused


class ImportRefused(InvalidInput):
    """A file cannot be imported; nothing of it has been written."""


class CellInvalid(ImportRefused):
    """A cell is not what its column must hold."""

    def __init__(self, file: str, *, row: int, column: str, expected: str, found: str = "") -> None:
        shown = f', found "{_shorten(found)}"' if found else ", found nothing"
        super().__init__(f"{file}, row {row}, column {column}: expected {expected}{shown}.")


class MassWithdrawalRefused(Refused):
    """An update would withdraw so many candidates that the file is probably the wrong one."""


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"
