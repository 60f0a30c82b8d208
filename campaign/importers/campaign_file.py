"""A campaign in one TOML file: asks, evidence, letters, imprint; docs/adding-a-campaign.md."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import (
    ELECTION_ID_PATTERN,
    RESERVED_SLUGS,
    SLUG_PATTERN,
    AskContent,
    CampaignContent,
    CampaignStatus,
    EvidenceContent,
    Imprint,
    MailForm,
    MailHabits,
)
from campaign.campaigns.rules.accent import check_accent, parse_colour
from campaign.campaigns.service import save_campaign
from campaign.core.errors import InvalidInput
from campaign.elections.errors import ElectionNotFound
from campaign.importers.letter_template import VariantContent, save_template
from campaign.importers.toml_reader import FileInvalid, TomlTable, read_toml
from campaign.letters.rules import check_condition, check_template
from campaign.letters.service import collect_by_habit

BUILT_IN = Path(__file__).parent / "built_in" / "online_safety.toml"
"""The campaign that the toolkit ships with: shown by the demonstration, copied to start from."""

T = TypeVar("T")

_SLUG_EXPECTED = "small letters and digits are expected, with single hyphens between them"


@dataclass(frozen=True, kw_only=True)
class CampaignFile:
    """What a campaign file says, checked as far as that goes without a database."""

    name: str
    """Name of the file, for messages."""
    content: CampaignContent
    variants: tuple[VariantContent, ...]


def read_campaign_file(
    path: Path, *, name: str = "", election_id: str | None = None
) -> CampaignFile:
    """Read and check a campaign file; ``election_id`` stands in for the file's own.

    ``name`` is what errors call it, where that is not the name of the path.

    Raises FileInvalid with a line for each problem.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileInvalid(f"{path}: the file cannot be read: {error.strerror}.") from error
    return parse_campaign_file(data, name=name or path.name, election_id=election_id)


def parse_campaign_file(data: bytes, *, name: str, election_id: str | None = None) -> CampaignFile:
    """Read and check the content of a campaign file; see ``read_campaign_file``."""
    table, problems = read_toml(data, name=name)
    content = _content(table, election_id=election_id)
    variants = _variants(table, ask_slugs={ask.slug for ask in content.asks})
    table.end()
    if problems:
        raise FileInvalid("\n".join(f"{name}: {problem}." for problem in problems))
    return CampaignFile(name=name, content=content, variants=variants)


def load_campaign(
    session: Session, file: CampaignFile, *, now: datetime
) -> tuple[Campaign, list[str]]:
    """Create or update the campaign and return it with a sentence for each change.

    Raises FileInvalid where the election has not been imported, CampaignElectionFixed where the
    campaign belongs to another one.
    """
    try:
        campaign, changes = save_campaign(session, file.content, now=now)
    except ElectionNotFound as error:
        raise FileInvalid(f"{file.name}: election: {error}") from error
    if {f"{name} changed" for name in ("mail_form", "letters_a_day")} & set(changes):
        taken = collect_by_habit(session, campaign, now=now)
        changes += [f"{taken} letters taken back from the outbox into digests"] if taken else []
    return campaign, changes + save_template(session, campaign.id, file.variants)


def _content(table: TomlTable, *, election_id: str | None) -> CampaignContent:
    imprint, contact = table.table("imprint"), table.table("contact")
    asks = _asks(table)
    content = CampaignContent(
        slug=_campaign_slug(table),
        election_id=_election_id(table, election_id),
        status=_status(table),
        name=table.line("name", limit=120),
        organisation=table.line("organisation"),
        summary=table.text("summary", limit=500),
        introduction=table.text("introduction", is_required=False),
        help_panel=table.text("help_panel", is_required=False),
        accent=_accent(table),
        imprint=Imprint(
            promoter=imprint.line("promoter"),
            promoter_address=imprint.line("promoter_address"),
            on_behalf_of=(on_behalf_of := imprint.line("on_behalf_of", is_required=False)),
            on_behalf_of_address=imprint.line(
                "on_behalf_of_address", is_required=bool(on_behalf_of)
            ),
        ),
        contact_name=contact.line("name"),
        contact_email=_email(contact),
        consent_text=table.text("consent", limit=2000),
        news_text=table.text("news", limit=1000, is_required=False),
        mail=_mail(table.table("mail", is_required=False)),
        asks=asks,
        evidence=_evidence(table, ask_slugs={ask.slug for ask in asks}),
    )
    imprint.end()
    contact.end()
    return content


def _campaign_slug(table: TomlTable) -> str:
    slug = table.line("slug", limit=60)
    if slug and not SLUG_PATTERN.fullmatch(slug):
        table.problem("slug", _SLUG_EXPECTED)
    elif slug in RESERVED_SLUGS:
        table.problem("slug", f"{slug} is an address of the toolkit's own; choose another one")
    return slug


def _election_id(table: TomlTable, instead: str | None) -> str:
    election_id = table.line("election", is_required=instead is None)
    if instead is not None:
        return instead
    if election_id and not ELECTION_ID_PATTERN.fullmatch(election_id):
        table.problem(
            "election",
            f"the id of an imported election is expected, as parl.2024-07-04, not {election_id}",
        )
    return election_id


def _status(table: TomlTable) -> CampaignStatus | None:
    status = table.line("status", is_required=False)
    if status and status not in set(CampaignStatus):
        table.problem("status", f"one of {', '.join(CampaignStatus)} is expected")
        return None
    return CampaignStatus(status) if status else None


def _accent(table: TomlTable) -> str:
    text = table.line("accent", is_required=False)
    if not text:
        return ""
    try:
        colour = parse_colour(text)
        check_accent(colour)
    except InvalidInput as error:
        table.problem("accent", str(error))
        return ""
    return colour


def _email(table: TomlTable) -> str:
    email = table.line("email")
    if email:
        try:
            validate_email(email, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            table.problem("email", "an e-mail address is expected")
    return email


def _mail(table: TomlTable) -> MailHabits:
    form = table.line("form", is_required=False)
    if form and form not in set(MailForm):
        table.problem("form", f"one of {', '.join(MailForm)} is expected")
        form = ""
    mail = MailHabits(
        form=MailForm(form) if form else MailHabits.form,
        letters_a_day=table.number(
            "letters_a_day", default=MailHabits.letters_a_day, lowest=1, highest=1000
        ),
        digest_hour=table.number(
            "digest_hour", default=MailHabits.digest_hour, lowest=0, highest=23
        ),
    )
    table.end()
    return mail


def _asks(table: TomlTable) -> tuple[AskContent, ...]:
    asks: list[AskContent] = []
    for each in table.tables("asks"):
        slug = each.line("slug", limit=60)
        if slug and not SLUG_PATTERN.fullmatch(slug):
            each.problem("slug", _SLUG_EXPECTED)
        if slug in {ask.slug for ask in asks}:
            each.problem("slug", f"another ask has the slug {slug}; each needs its own")
        asks.append(
            AskContent(
                slug=slug,
                title=each.line("title", limit=100),
                wording=each.text("wording", limit=1000),
            )
        )
        each.end()
    return tuple(asks)


def _evidence(table: TomlTable, *, ask_slugs: set[str]) -> tuple[EvidenceContent, ...]:
    evidence = []
    for each in table.tables("evidence"):
        ask = each.line("ask", is_required=False)
        if ask and ask not in ask_slugs:
            each.problem("ask", f"the slug of an ask of this file is expected, not {ask}")
        link = each.line("link", limit=500, is_required=False)
        if link and not _is_web_address(link):
            each.problem("link", "an address that begins with https:// or http:// is expected")
        evidence.append(
            EvidenceContent(
                ask=ask or None,
                value=each.line("value", limit=40),
                claim=each.text("claim", limit=500),
                source=each.line("source"),
                dated=each.line("date", limit=100),
                link=link,
            )
        )
        each.end()
    return tuple(evidence)


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _variants(table: TomlTable, *, ask_slugs: set[str]) -> tuple[VariantContent, ...]:
    tables = list(table.tables("letters"))
    variants: list[VariantContent] = []
    for each in tables:
        condition = each.texts("condition")
        if each is tables[-1] and condition:
            each.problem("condition", "the last letter has none, so that one always fits")
        if each is not tables[-1] and not condition:
            each.problem("condition", "is missing; only the last letter has none")
        for attribute in condition:
            ask = attribute.removeprefix("stance:")
            if ask != attribute and ask not in ask_slugs:
                each.problem("condition", f"stance:<slug of an ask> is expected, not {attribute}")
        _check(each, "condition", check_condition, condition)
        variant = VariantContent(
            name=each.line("name"),
            condition=condition,
            subject=each.line("subject"),
            greeting=each.line("greeting"),
            body=each.text("body", limit=10_000),
        )
        if variant.name in {other.name for other in variants}:
            each.problem("name", f"another letter is called {variant.name}; each needs its own")
        _check(each, "subject", check_template, variant.subject)
        _check(each, "greeting", check_template, variant.greeting)
        _check(each, "body", check_template, variant.body)
        variants.append(variant)
        each.end()
    return tuple(variants)


def _check(table: TomlTable, key: str, check: Callable[[T], None], value: T) -> None:
    try:
        check(value)
    except InvalidInput as error:
        table.problem(key, str(error).removesuffix("."))
