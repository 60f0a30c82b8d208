"""Which language a page is answered in: English, unless the person whose page it is chose another.

Neither a cookie nor a header decides, so pages that are the same for everybody stay so.
"""

from flask import Flask, g
from flask_babel import Babel, get_locale, refresh
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from campaign.core.errors import CampaignError
from campaign.core.languages import Language

_LOCALES = {Language.ENGLISH: "en_GB", Language.WELSH: "cy"}
"""Plain ``en`` would print American dates."""


_SENTENCES = (
    _l("The text holds a character that cannot be shown. Type it again instead of copying it."),
    _l("The text has %(count)s characters. Shorten it to %(limit)s or fewer."),
    _l("This ask is not among those of the campaign."),
    _l("The campaign or the poll has closed, so the record takes no more answers."),
    _l("This link has been replaced by a newer one or switched off."),
    _l(
        "“%(campaign)s” no longer takes answers, because the poll or the campaign has closed. "
        "To correct the record, write to %(email)s."
    ),
    _l(
        "“%(campaign)s” no longer takes answers, because the poll or the campaign has closed. "
        "A change that was not confirmed before then has lapsed: the earlier answer stands. "
        "To correct the record, write to %(email)s."
    ),
    _l(
        "You are now on the list of candidates for %(place)s, so this link has ended. The next "
        "e-mail that “%(campaign)s” sends you has your new link. To have it sooner, or if that is "
        "wrong, write to %(email)s."
    ),
    _l(
        "This link came in an e-mail to an address that “%(campaign)s” no longer has for you, so "
        "it has ended. What waits is asked about at your new address. If you have no such e-mail, "
        "write to %(email)s."
    ),
    _l(
        "You are no longer on the list of candidates, so “%(campaign)s” takes no answer of yours. "
        "If that is wrong, write to %(email)s."
    ),
)
"""Sentences of errors below the web that a candidate can meet, for the catalogue to hold."""


def speak(language: Language) -> None:
    """Answer the rest of this request in a language."""
    g.language = language
    refresh()


def campaign_words(text: str) -> str:
    """Return words of the campaign, marked as English where the page is not.

    The organiser wrote them once; on a page in another language they stay as they are.
    """
    if _language() is Language.ENGLISH or not text:
        return text
    return Markup('<span lang="en">{}</span>').format(text)


def in_campaign_language() -> Markup:
    """Return the attribute for a whole element that holds the campaign's words, or nothing."""
    return Markup("") if _language() is Language.ENGLISH else Markup(' lang="en"')


def error_words(error: CampaignError) -> str:
    """Return the sentence of a domain's error in the language of the page.

    One that is in no catalogue is marked as English there.
    """
    if not error.sentence:
        return ""
    words = str(_(error.sentence, **error.values))
    return campaign_words(words) if words == str(error) else words


def init_app(app: Flask) -> None:
    """Choose the language of each request, and tell templates about it."""
    Babel(app, locale_selector=lambda: _LOCALES[_language()])
    app.add_template_global(get_locale)
    app.add_template_global(_language, "page_language")
    app.add_template_global(in_campaign_language)
    app.add_template_filter(campaign_words)


def _language() -> Language:
    return Language(g.get("language", Language.ENGLISH))
