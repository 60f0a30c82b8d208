"""Text in pictures: Welsh names show, nothing is a box, and what is long is shortened."""

import io
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageDraw

from campaign.reports.lettering import Lettering, fit, width_of, wrap
from campaign.reports.share_image import HEIGHT, ShareWords, draw_share_image

WORDS = ShareWords(
    organisation="The Streets Trust",
    title="Safer streets",
    place="Ynys Ŵyl",
    figure="3 of 5 candidates have answered",
    note="As of 4 July 2024",
    imprint="Promoted by A. Person.",
    accent="",
    rights="CC BY 4.0 – Answers: The Streets Trust.",
)


def drawn(text: str) -> bytes:
    image = Image.new("RGB", (300, 100))
    Lettering(ImageDraw.Draw(image)).write((10, 70), text, size=48, fill=(255, 255, 255))
    return image.tobytes()


BOX = "\ufffe"


@pytest.mark.parametrize("sign", "ŵŷŴŶâêîôûÂÊÎÔÛáéíóúàèìòùäëïöüẃẁẅỳÿñçåčš")
def test_a_letter_with_an_accent_is_its_letter_with_something_more(sign: str) -> None:
    base = unicodedata.normalize("NFD", sign)[0]
    assert drawn(sign) != drawn(base)
    assert width_of(sign, 48) == width_of(base, 48)
    others = {each for each in "ŵŷâêîôû" if each != sign}
    assert all(drawn(sign) != drawn(each) for each in others)


def test_accents_differ_from_one_another() -> None:
    assert len({drawn(sign) for sign in "aáàâäãāåǎ"}) == 9


@pytest.mark.parametrize(("text", "same"), [("5 – 6", "5 - 6"), ("£5", "GBP 5"), ("Łódź", "Lódź"),
                                            ("漢", "?"), ("½", "1⁄2")])  # fmt: skip
def test_what_the_typeface_lacks_is_said_otherwise(text: str, same: str) -> None:
    assert drawn(text) == drawn(same)


def test_a_composed_letter_is_the_same_as_one_in_parts() -> None:
    assert drawn("ŵ") == drawn("w\u0302")


def test_lines_are_as_wide_as_there_is_room() -> None:
    text = "Make the internet safer for every child in every constituency of the country"
    lines = wrap(text, size=40, width=500, lines=9)
    assert " ".join(lines) == text
    assert all(width_of(line, 40) <= 500 for line in lines)
    short = wrap(text, size=40, width=500, lines=2)
    assert len(short) == 2
    assert short[1].endswith("…")
    assert width_of(short[1], 40) <= 500


def test_the_greatest_size_that_fits_is_taken() -> None:
    assert fit("Short", sizes=(80, 40), width=1000, lines=1) == (80, ["Short"])
    assert fit("A longer line of words", sizes=(80, 40), width=500, lines=1)[0] == 40


def test_a_picture_shows_the_whole_imprint_and_says_its_licence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[tuple[str, int, float]] = []
    write = Lettering.write

    def listen(self: Lettering, at: tuple[float, float], text: str, **how: Any) -> None:
        written.append((text, how["size"], at[1]))
        write(self, at, text, **how)

    monkeypatch.setattr(Lettering, "write", listen)
    sizes = []
    for length in (6, 12, 24):
        imprint = "Promoted by somebody of a place. " * length
        words = replace(WORDS, imprint=imprint.strip())
        written.clear()
        picture = Image.open(io.BytesIO(draw_share_image(words)))
        lines = written[[text for text, *_ in written].index(WORDS.note) + 1 :]
        assert " ".join(text for text, *_ in lines) == words.imprint
        assert max(low for *_, low in lines) < (HEIGHT - 16) * 2, "above the coloured edge"
        sizes.append(lines[0][1] / 2)
        assert WORDS.rights in picture.info["Copyright"]
        assert words.imprint in picture.info["Copyright"]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] >= 24


def test_a_picture_with_the_longest_words_keeps_its_size() -> None:
    words = ShareWords(
        organisation="O" * 200,
        title="Word " * 60,
        place="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 3,
        figure="1,234 of 4,515 members elected had answered " * 3,
        note="As of 30 September 2024: 123 of 632 results are known " * 3,
        imprint="Promoted by somebody, somewhere. " * 20,
        accent="",
        rights="",
    )
    assert draw_share_image(words).startswith(b"\x89PNG")
