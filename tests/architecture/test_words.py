"""What people read: plain, calm, ready for translation, and without style or script inside."""

import re
from pathlib import Path

import pytest

from campaign.core.config import PROJECT_ROOT

TEMPLATES = PROJECT_ROOT / "templates"
PAGES = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    # The page of all components is for builders of pages: it speaks of tokens, invents names.
    if path.parent != TEMPLATES / "demonstration" / "styles"
)
MAILS = sorted(TEMPLATES.rglob("*.txt"))

UNREAD = re.compile(
    r"{#.*?#}|<!--.*?-->|<code\b.*?</code>|<(\w+)[^>]*aria-hidden=\"true\"[^>]*>[^<]*</\1>",
    re.DOTALL,
)
"""Comments, commands that are typed alike in every language, and signs that stand beside words."""
TRANSLATED = re.compile(r"{%-?\s*trans\b.*?%}(.*?){%-?\s*endtrans\s*-?%}", re.DOTALL)
CODE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
STRING = re.compile(r"""_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
SPOKEN = re.compile(r"""\b(?:aria-label|alt|title|placeholder)="([^"]*)\"""")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")

NAMES = {"CSV", "JSON"}
"""What is called so in every language."""

JARGON = re.compile(
    r"\b(?:submit|submission|click here|csrf|token|invalid|opt[- ]?(?:in|out)|utili[sz]e|leverage"
    r"|engage(?:ment)?|stakeholder|onboarding|functionality|oops|unsubscribe|cta|user)\b",
    re.IGNORECASE,
)


def read(path: Path) -> str:
    return UNREAD.sub("", path.read_text(encoding="utf-8"))


def words_of(path: Path) -> str:
    """Return what of a template people can read: the text between its code, and its strings."""
    text = read(path)
    strings = " ".join(STRING.findall(text)) if path.suffix == ".html" else ""
    between = CODE.sub(" ", text)
    return " ".join([strings, TAG.sub(" ", between) if path.suffix == ".html" else between])


def untranslated(path: Path) -> list[str]:
    """Return the words that stand in a page beside its translated strings."""
    text = TRANSLATED.sub(" ", read(path))
    spoken = [CODE.sub(" ", words) for words in SPOKEN.findall(CODE.sub(" ", text))]
    between = TAG.sub(" ", CODE.sub(" ", text))
    return [word for word in WORD.findall(" ".join([*spoken, between])) if word not in NAMES]


def name(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


def test_there_are_pages_and_mails_to_look_at() -> None:
    assert len(PAGES) > 40
    assert len(MAILS) > 10


@pytest.mark.parametrize("path", [*PAGES, *MAILS], ids=name)
def test_nothing_is_shouted_and_nothing_is_jargon(path: Path) -> None:
    words = words_of(path).replace("<!doctype", "")
    assert "!" not in words, "no exclamation marks"
    assert not JARGON.findall(words)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_word_of_a_page_can_be_translated(path: Path) -> None:
    assert not untranslated(path)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_holds_no_style_and_no_script(path: Path) -> None:
    tags = " ".join(TAG.findall(CODE.sub("x", read(path))))
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style\b|<script(?![^>]*\ssrc=)|javascript:", tags)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("emails/*/body.txt")), ids=name)
def test_a_mail_ends_with_the_imprint_and_holds_its_link_on_a_line_of_its_own(path: Path) -> None:
    text = read(path).strip()
    assert text.endswith("{{ campaign.imprint }}")
    links = [line for line in text.splitlines() if "link }}" in line]
    assert len(links) == 1, "one link that matters"
    assert re.fullmatch(r"{{ \w+ }}", links[0])
    assert "{{ campaign.contact_name }}" in text, "a named human"


def test_the_checks_see_what_they_look_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<p title="Loud">Plain {{ _("Hurry!") }} {% trans %}Submit{% endtrans %}</p>')
    assert untranslated(bad) == ["Loud", "Plain"]
    assert "!" in words_of(bad)
    assert JARGON.findall(words_of(bad)) == ["Submit"]
