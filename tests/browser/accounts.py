"""An organiser whose login has a second step, as the browser sets it up."""

import base64
import hmac
import struct
import time
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.walk import mails_to, open_newest_mail, press

COLLEAGUE = "colleague@example.org"
_PASSWORD = "a boat on the far shore"
_LINK_MAIL = "Set your password"
_STEP_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Account:
    """What an organiser knows and has: an address, a password, an authenticator app."""

    email: str
    password: str
    key: str

    def code(self) -> str:
        """Return what the authenticator app shows now (RFC 6238)."""
        return code_of(self.key, at=time.time())


def code_of(key: str, *, at: float) -> str:
    """Return the six digits that belong to a key at a time in seconds."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.digest(secret, struct.pack(">Q", int(at) // _STEP_SECONDS), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def open_password_link(page: Page, email: str) -> None:
    """Ask for a link to set a password, and open it from the mail."""
    earlier = mails_to(page, email, _LINK_MAIL).count()
    page.goto("/organise/reset")
    page.get_by_label("E-mail address").fill(email)
    press(page, "Send me the link")
    open_newest_mail(page, email, _LINK_MAIL, earlier=earlier)
    page.locator(".letter-text a").first.click()


def set_up_colleague(page: Page) -> Account:
    """Give the demonstration's second organiser a password and a second step; logs them in."""
    open_password_link(page, COLLEAGUE)
    page.get_by_label("New password", exact=True).fill(_PASSWORD)
    page.get_by_label("New password once more").fill(_PASSWORD)
    press(page, "Set this password")
    page.goto("/organise/login")
    if page.get_by_label("Password").count():
        page.get_by_label("E-mail address").fill(COLLEAGUE)
        page.get_by_label("Password").fill(_PASSWORD)
        press(page, "Log in")
    page.goto("/organise/tf-setup")
    press(page, "Set up an authenticator app")
    key = page.locator("main code").first.inner_text().replace("-", "")
    account = Account(email=COLLEAGUE, password=_PASSWORD, key=key)
    page.get_by_label("Code").fill(account.code())
    press(page, "Switch the second step on")
    page.get_by_role("link", name="Recovery codes").wait_for()
    return account
