"""A QR code of an address, to be drawn by a browser or printed."""

import io
from dataclasses import dataclass
from functools import lru_cache

_QUIET = 4
"""Modules around the code that stay white (ISO/IEC 18004)."""
_PIXELS = 16
"""Of each module in the picture: enough for print at 5 cm."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code as an SVG path of unit squares."""

    size: int
    """Modules along a side, the quiet zone included."""
    path: str


@lru_cache(maxsize=64)
def make_qr_code(address: str) -> QrCode:
    """Return the code of an address."""
    matrix = _matrix(address)
    runs = (
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row, cells in enumerate(matrix)
        for column, is_dark in enumerate(cells)
        if is_dark
    )
    return QrCode(size=len(matrix) + 2 * _QUIET, path="".join(runs))


@lru_cache(maxsize=16)
def draw_qr_code(address: str) -> bytes:
    """Return the code as a PNG of two colours."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    matrix = _matrix(address)
    side = len(matrix) + 2 * _QUIET
    image = Image.new("1", (side, side), 1)
    for row, cells in enumerate(matrix):
        for column, is_dark in enumerate(cells):
            if is_dark:
                image.putpixel((column + _QUIET, row + _QUIET), 0)
    buffer = io.BytesIO()
    large = image.resize((side * _PIXELS, side * _PIXELS), Image.Resampling.NEAREST)
    notes = PngInfo()
    notes.add_itxt("Title", address)  # So that a file that lies about says where it leads.
    large.save(buffer, "PNG", optimize=True, pnginfo=notes)
    return buffer.getvalue()


def _matrix(address: str) -> list[list[bool]]:
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(address)
    return [[bool(cell) for cell in row] for row in code.get_matrix()]
