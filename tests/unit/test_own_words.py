"""Which of a letter's words are its writer's own."""

from campaign.letters.rules.words import first_name, own_words

TEMPLATE = "I live in {{ constituency }}. Please make our streets safer.\n\nWhere do you stand?"


def letter(*paragraphs: str) -> str:
    text = "\n\n".join(paragraphs)
    return f"Dear Ann,\n\n{text}\n\nYours sincerely,\n\nSam Supporter\nZQ1 1AA"


def test_only_paragraphs_that_no_template_has_are_shown() -> None:
    body = letter(
        "I am a nurse.",
        "I live in Northmoor. Please make our  streets\nsafer.",
        "Where do you stand?",
    )
    assert own_words(body, templates=[TEMPLATE]) == "I am a nurse."


def test_nothing_is_left_of_a_template_and_neither_greeting_nor_signature() -> None:
    body = letter("I live in Northmoor. Please make our streets safer.", "Where do you stand?")
    assert own_words(body, templates=[TEMPLATE]) == ""
    assert own_words("", templates=[TEMPLATE]) == ""


def test_a_changed_paragraph_is_the_writers() -> None:
    changed = "I live in Northmoor. Please make our streets safe at last."
    assert own_words(letter(changed), templates=[TEMPLATE]) == changed


def test_long_words_end_with_a_whole_word() -> None:
    words = own_words(letter("word " * 200), templates=[], limit=50)
    assert len(words) <= 50
    assert words.endswith("word…")


def test_a_first_name_is_all_that_is_shown() -> None:
    assert first_name("Sam van Supporter") == "Sam"
    assert first_name("") == ""
