"""A feed as XML, by RFC 4287, with ids that stay by RFC 4151."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import force_locale
from flask_babel import gettext as _

from campaign.pledges.rules import STANCE_WORDS, DisputeState, Marks
from campaign.reports.changes import Change
from campaign.reports.credits import LICENCE, LICENCE_URL, credit_line
from campaign.web.shared.addresses import absolute
from campaign.web.shared.context import toolkit

NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 cannot hold, not even escaped."""


def build_feed(
    campaign: Any, election: Any, changes: Sequence[Change], *, place: Any = None
) -> str:
    """Return a campaign's feed, or that of one constituency in it."""
    values = {"campaign_slug": campaign.slug}
    title, own, page = campaign.name, "feeds.campaign", "tracker.show"
    if place is not None:
        values["constituency_slug"] = place.slug
        title = f"{place.name}: {campaign.name}"
        own, page = "feeds.constituency", "geography.constituency"
    feed = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": "en-GB"})
    _add(feed, "id", _tag(campaign, "/".join([*values.values(), "pledges"])))
    _add(feed, "title", title)
    _add(feed, "subtitle", campaign.summary)
    _add(feed, "updated", _time(changes[0].changed_at if changes else campaign.created_at))
    ET.SubElement(feed, "link", rel="self", type=_ATOM, href=absolute(own, **values))
    ET.SubElement(feed, "link", rel="alternate", type=_HTML, href=absolute(page, **values))
    ET.SubElement(feed, "link", rel="license", href=LICENCE_URL)
    _add(ET.SubElement(feed, "author"), "name", campaign.organisation)
    _add(feed, "rights", f"{LICENCE} – {credit_line(campaign, election)} – {campaign.imprint}")
    with force_locale("en_GB"):
        for change in changes:
            feed.append(_entry(campaign, change))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


_ATOM, _HTML = "application/atom+xml", "text/html"


def _entry(campaign: Any, change: Change) -> ET.Element:
    who = change.standing
    said = STANCE_WORDS[change.stance] if change.stance else _("Answer withdrawn")
    marked = list(_marks(change.marks))
    page = absolute("tracker.candidate", campaign_slug=campaign.slug, person_id=who.person_id)
    entry = ET.Element("entry")
    _add(entry, "id", _tag(campaign, f"{campaign.slug}/pledges/{change.sequence}"))
    title = f"{who.name} ({who.constituency_name}): {said} – {change.ask_title}"
    _add(entry, "title", " – ".join([title, *(words for _term, words in marked)]))
    _add(entry, "published", _time(change.public_at))
    _add(entry, "updated", _time(change.changed_at))
    ET.SubElement(entry, "link", rel="alternate", type=_HTML, href=page)
    ET.SubElement(entry, "category", term=change.stance or "withdrawn", label=said)
    for term, words in marked:
        ET.SubElement(entry, "category", term=term, label=words)
    lines = [
        f"{who.name}, {who.party_name}, {who.constituency_name}",
        f"{change.ask_title}: {said}",
        *([f"“{change.statement}”"] if change.statement else []),
        *(f"{words}." for _term, words in marked),
    ]
    _add(entry, "content", "\n".join(lines), type="text")
    return entry


def _marks(marks: Marks) -> Iterator[tuple[str, str]]:
    """Yield what is said about an entry as a term for programs and words for people."""
    match marks.dispute:
        case DisputeState.OPEN:
            yield "disputed", _("Disputed by the candidate")
        case DisputeState.KEPT:
            yield "dispute-kept", _("Disputed by the candidate; the entry stands")
        case DisputeState.STRUCK:
            yield "struck", _("Taken out after the candidate objected")
    if marks.is_hidden:
        yield "hidden", _("Its text is not public")


def _tag(campaign: Any, name: str) -> str:
    host = urlsplit(toolkit().settings.base_url).hostname or "localhost"
    return f"tag:{host},{campaign.created_at:%Y-%m-%d}:{name}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)
