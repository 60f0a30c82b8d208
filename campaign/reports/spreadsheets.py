"""Cells that a spreadsheet program shows as text, whoever wrote them."""

import re

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain_links(markdown: str) -> str:
    """Return a line of Markdown with its links as plain text: ``name (address)``."""
    return re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1 (\2)", markdown)


def neutral_cell(value: object) -> str:
    """Return a cell that no spreadsheet program takes for a formula.

    A text that begins like a formula, also behind spaces, gets an apostrophe in front, which such
    programs take as "this is text" (OWASP, "CSV Injection"). Numbers stay as they are; None is
    empty.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS):
        return f"'{text}"
    return text
