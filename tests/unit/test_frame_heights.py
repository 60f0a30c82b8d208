"""How tall a frame must be: a browser test compares the result with what is drawn."""

import pytest

from campaign.web.shared.frame_heights import reckon_height


def page(main: str, footer: str = "<p>Promoted by A. Person.</p>") -> str:
    return f"<body><main class='flow'><h1>Title</h1>{main}</main><footer>{footer}</footer></body>"


def test_more_words_take_more_room_and_a_wider_column_less() -> None:
    short, long = page("<p>Some words.</p>"), page(f"<p>{'Some words. ' * 30}</p>")
    assert reckon_height(short, width=300) < reckon_height(long, width=300)
    assert reckon_height(long, width=640) < reckon_height(long, width=300)
    assert reckon_height(short, width=640) == reckon_height(short, width=1000)


def test_candidates_stand_in_two_columns_where_there_is_room() -> None:
    entries = "<li><h2>Name</h2><p class='soft small'>Party</p></li>" * 10
    frame = page(f"<ul class='embed__list embed__list--candidates'>{entries}</ul>")
    narrow, wide = (reckon_height(frame, width=each) for each in (630, 640))
    assert 0.5 < wide / narrow < 0.75


@pytest.mark.parametrize("answer", ["Yes", "Yes, with reservations and many more words than fit"])
def test_an_answer_with_marks_takes_more_room(answer: str) -> None:
    row = "<div><dt>An ask</dt><dd><span class='badge'>{}</span>{}</dd></div>"
    heights = [
        reckon_height(
            page(f"<ul><li><dl class='stands'>{row.format(answer, marks)}</dl></li></ul>"),
            width=300,
        )
        for marks in ("", "<p class='soft small'>Disputed by the candidate</p>")
    ]
    assert heights[0] < heights[1]


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert reckon_height(page(f"<p>{'x' * 400}</p>"), width=300) > 400
