import tomllib

import pytest

from campaign.campaigns.rules import CampaignStatus, MailForm
from campaign.importers.campaign_file import BUILT_IN, CampaignFile, parse_campaign_file
from campaign.importers.toml_reader import FileInvalid

TEXT = BUILT_IN.read_text(encoding="utf-8").replace("parl.YYYY-MM-DD", "parl.2031-05-22")


def parse(text: str) -> CampaignFile:
    return parse_campaign_file(text.encode(), name="mine.toml")


def test_the_built_in_campaign_has_its_asks_facts_and_letters() -> None:
    file = parse(TEXT)
    content = file.content
    assert content.status is CampaignStatus.DRAFT
    assert [ask.slug for ask in content.asks] == [
        "priority", "peer-to-peer", "sentences-and-treatment", "party-leadership",
    ]  # fmt: skip
    assert [evidence.value for evidence in content.evidence] == [
        "2,000,000", "nearly 50,000", "twice", "1 in 4", "5,411", "about 1 in 3", "1 in 10",
        "1 in 6", "10 years",
    ]  # fmt: skip
    for evidence in content.evidence:
        assert evidence.source
        assert "2010" in evidence.dated
    for number in ("0808 800 5000", "0800 1111", "0808 1000 900", "iwf.org.uk", "ceop.police.uk"):
        assert number in content.help_panel
    assert [variant.condition for variant in file.variants][-1] == {}
    assert "nspcc" not in f"{content.organisation} {content.imprint} {content.name}".lower()
    assert content.contact_email.endswith("example.org")


def test_every_line_of_the_texts_is_folded() -> None:
    """A line break inside a paragraph would stand in the letters that people send."""
    for variant in tomllib.loads(TEXT)["letters"]:
        for paragraph in variant["body"].strip().split("\n\n"):
            assert "\n" not in paragraph


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('slug = "safer-internet" ', 'slug = "Safer Internet" ', "mine.toml: slug: small letters"),
        ('slug = "safer-internet" ', 'slug = "organise" ', "mine.toml: slug: organise is an"),
        ('form = "every_letter"', 'form = "pigeon"', "mail.form: one of every_letter, one_di"),
        ("letters_a_day = 20", "letters_a_day = 0", "mail.letters_a_day: a whole number from 1"),
        ("digest_hour = 18", "digest_hour = true", "mail.digest_hour: a whole number from 0"),
        ("digest_hour = 18", "hour = 18", "mail.hour: is not known here"),
        ('slug = "priority"', 'slug = "peer-to-peer"', "asks 2, slug: another ask has the slug"),
        ('"parl.2031-05-22"', '"parl.YYYY-MM-DD"', "election: the id of an imported election"),
        ('status = "draft"', 'status = "open"', "status: one of draft, live, closed is expected"),
        ('status = "draft"', "status = true", "status: a text in quotes is expected, not true or"),
        ('value = "5,411"', "value = 5411", "evidence 5, value: a text in quotes is expected"),
        ('source = "Napo, as given in', 'sauce = "Napo, as given in', "evidence 9, source: is mis"),
        ('source = "Napo, as given in', 'sauce = "Napo, as given in', "evidence 9, sauce: is not"),
        (
            'value = "1 in 6"',
            'value = "1 in 6"\nlink = "javascript:1"',
            "evidence 8, link: an ad",
        ),
        ('ask = "priority"', 'ask = "priorities"', "evidence 4, ask: the slug of an ask of this"),
        ("Dear {{ candidate_name }}", "Dear {{ password }}", "letters 1, greeting: There is no fi"),
        ('{ stance = "no" }', '{ stance = "never" }', "letters 2, condition: There is no stance"),
        ('{ stance = "no" }', '{ "stance:other" = "no" }', "letters 2, condition: stance:<slug"),
        ('condition = { stance = "no" }', "", "letters 2, condition: is missing"),
        ('email = "hello@vcsn.example.org"', 'email = "hello"', "contact.email: an e-mail address"),
        ("promoter_address = ", "address = ", "imprint.promoter_address: is missing"),
        ('# accent = "#0d5b57"', 'accent = "teal"', "mine.toml: accent: a colour as #0d5b57"),
        ('# accent = "#0d5b57"', 'accent = "#ffcc00"', "accent: #ffcc00 is too pale to be read"),
        ('# accent = "#0d5b57"', "accent = 12", "accent: "),
        ("[imprint]", "[imprint", "the file is not TOML"),
        ("[contact]", "[contacts]", "mine.toml: contact: a table is expected: [contact]"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_expectation(
    old: str, new: str, expected: str
) -> None:
    assert old in TEXT
    with pytest.raises(FileInvalid) as error:
        parse(TEXT.replace(old, new, 1))
    assert expected in str(error.value)
    assert all(line.startswith("mine.toml: ") for line in str(error.value).splitlines())


def test_all_problems_are_told_at_once() -> None:
    broken = TEXT.replace('status = "draft"', 'status = "open"').replace("[[asks]]", "[[ask]]")
    with pytest.raises(FileInvalid) as error:
        parse(broken)
    assert "asks: at least one table" in str(error.value)
    assert "status: one of" in str(error.value)
    assert "ask: is not known here" in str(error.value)


def test_the_last_letter_must_always_fit() -> None:
    with pytest.raises(FileInvalid, match="letters 5, condition: the last letter has none"):
        parse(TEXT.replace('name = "First letter"', 'name = "A"\ncondition = { stance = "none" }'))


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(FileInvalid, match="not UTF-8 at byte 0"):
        parse_campaign_file(b"\xff\xfes", name="mine.toml")


def test_a_campaign_may_choose_its_colour() -> None:
    assert parse(TEXT).content.accent == ""
    chosen = TEXT.replace('# accent = "#0d5b57"', 'accent = "#5B2A86"')
    assert parse(chosen).content.accent == "#5b2a86"


def test_how_letters_come_may_be_left_out() -> None:
    start, end = TEXT.index("[mail]"), TEXT.index("# What candidates are asked")
    assert parse(TEXT[:start] + TEXT[end:]).content.mail == parse(TEXT).content.mail
    other = TEXT.replace('form = "every_letter"', 'form = "one_digest_a_day"')
    assert parse(other).content.mail.form is MailForm.ONE_DIGEST
