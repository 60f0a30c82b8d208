"""Organisers' login by Flask-Security: which of its doors are open, and on what terms.

It is set up so that it stays inside ``/organise``: a page for the public neither reads the session
nor asks the database who is looking.
"""

import base64
import hashlib
import hmac
from typing import Any, ClassVar, cast

from flask import Flask, Request, make_response, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_security import (
    LoginForm,
    MailUtil,
    RoleMixin,
    Security,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    UserDatastore,
    UserMixin,
    current_user,
)
from sqlalchemy import func, select
from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older

from campaign.core.config import Settings
from campaign.delivery.rules import Lane
from campaign.delivery.service import queue_message
from campaign.organisers.models import Organiser
from campaign.organisers.rules import MINIMUM_PASSWORD_LENGTH
from campaign.web.shared.context import now, session, toolkit

PREFIX = "/organise"


class Account(UserMixin, Organiser):  # type: ignore[misc]
    """An organiser as Flask-Security sees one: the same row, no table of its own."""

    # Flask-Security notes addresses of logins here; without columns they are forgotten at once.
    last_login_ip: ClassVar[str | None] = None  # type: ignore[misc]
    current_login_ip: ClassVar[str | None] = None  # type: ignore[misc]

    @property
    def display_name(self) -> str:
        """Return what to call this organiser on a page."""
        return self.name or self.email


class AccountDatastore(UserDatastore):
    """Accounts in the session of the request: a reader for GET, committed after a good POST."""

    def __init__(self) -> None:
        super().__init__(Account, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> UserMixin | None:
        """Return the account with one attribute of this value."""
        ((name, value),) = kwargs.items()
        column = getattr(Account, name)
        if case_insensitive:
            column, value = func.lower(column), str(value).lower()
        return session().scalar(select(Account).where(column == value))

    def put(self, model: Any) -> Any:
        """Add a changed account to the session of the request."""
        session().add(model)
        return model

    def delete(self, model: Any) -> None:
        """Delete a row in the session of the request."""
        session().delete(model)

    def commit(self) -> None:
        """Do nothing: the request commits, after a good answer, once."""

    def mf_delete_recovery_code(self, user: UserMixin, idx: int) -> bool:
        """Strike out a recovery code that was used."""
        codes = list(user.mf_recovery_codes or ())
        if idx >= len(codes):
            return False
        # A new list, because a change inside a JSON value is not noticed and would not be saved.
        user.mf_recovery_codes = codes[:idx] + codes[idx + 1 :]
        return True


class OutboxMailUtil(MailUtil):
    """Security mails go out as everything else does: through the outbox, in the same commit."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **kwargs: Any,
    ) -> None:
        """Queue a mail to an organiser."""
        queue_message(
            session(),
            mail=toolkit().settings.mail,
            lane=Lane.CONFIRMATION,  # Somebody who cannot log in waits for it.
            scope="",
            recipient=recipient if isinstance(recipient, str) else recipient[1],
            from_name=str(_l("Back office")),
            subject=str(subject),  # May be a text that waits for the language.
            body=body or "",
            now=now(),
        )


class OrganiserLoginForm(LoginForm):
    """Log in for this browser session only: no cookie outlives it."""

    remember = None  # type: ignore[assignment]


class SecondStepForm(TwoFactorSetupForm):
    """Set up an authenticator app, or switch the second step off."""

    setup = RadioField(
        choices=[SelectChoice("authenticator", ""), SelectChoice("disable", "")],
        validate_choice=False,
    )


class RecoveryForm(TwoFactorRescueForm):
    """Without the device only a recovery code helps: a code by e-mail is no second factor."""

    help_setup = RadioField(  # type: ignore[call-arg]  # stubs are older
        choices=[], invalid_choice_message=_l("Choose one of the ways that are offered.")
    )


def init_app(app: Flask, settings: Settings) -> None:
    """Open the login, password and second-factor pages below ``/organise``."""
    app.config.update(_configuration(settings))
    security = Security(
        app,
        AccountDatastore(),
        mail_util_cls=OutboxMailUtil,
        login_form=OrganiserLoginForm,
        two_factor_setup_form=SecondStepForm,
        two_factor_rescue_form=RecoveryForm,
        render_template=_render,
    )
    security.want_json(_never_json)
    # Logins are made by form only, never by a token in a header or an address.
    security.login_manager.request_loader(_no_token)
    security.principal.identity_loaders.clear()
    _keep_out_of_other_pages(app)
    app.add_template_global(find_account)


def find_account() -> Account | None:
    """Return the organiser who is logged in, if anybody is."""
    user = current_user
    if not user or not user.is_authenticated:
        return None
    return cast(Account, user._get_current_object())


def login_address() -> str:
    """Return the address of the login page, to come back from to the page that was asked for."""
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return url_for("security.login", next=target)


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECURITY_URL_PREFIX": PREFIX,
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SALT": _derive(settings, "password salt").hex(),
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": MINIMUM_PASSWORD_LENGTH,
        "SECURITY_PASSWORD_CHECK_BREACHED": False,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_SENDER": settings.mail.sender,
        "SECURITY_EMAIL_SUBJECT_PASSWORD_RESET": _l("Set your password for the back office"),
        "SECURITY_EMAIL_SUBJECT_PASSWORD_NOTICE": _l("Your password has been set"),
        "SECURITY_EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": _l("Your password has been changed"),
        "SECURITY_REGISTERABLE": False,
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_TRACKABLE": True,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_DATETIME_FACTORY": now,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_POST_LOGIN_VIEW": f"{PREFIX}/",
        "SECURITY_POST_LOGOUT_VIEW": f"{PREFIX}/login",
        "SECURITY_POST_CHANGE_VIEW": f"{PREFIX}/account",
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": f"{PREFIX}/account",
        "SECURITY_TOTP_SECRETS": {"1": _derive(settings, "totp").hex()},
        "SECURITY_TOTP_ISSUER": "Campaign back office",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [
            base64.urlsafe_b64encode(_derive(settings, "recovery codes"))
        ],
        "SECURITY_MSG_LOGIN": (_l("Please log in to see this page."), "info"),
        "SECURITY_MSG_UNAUTHENTICATED": (_l("Please log in to see this page."), "info"),
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
            _l(
                "This address and password do not fit together."
                " Try again, or follow “Forgot your password?” below."
            ),
            "error",
        ),
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SECURE": settings.is_secure,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
    }


def _derive(settings: Settings, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, so that no two uses share a key."""
    return hmac.digest(
        settings.secret_key.encode(), f"campaign.accounts.{purpose}".encode(), hashlib.sha256
    )


def _render(template: str, **context: Any) -> str:
    """Render a page of Flask-Security; a form that must be mended is answered by 422."""
    html = render_template(template, base_url=toolkit().settings.base_url, **context)
    if (
        request.method == "POST"
        and template.endswith(".html")
        and any(isinstance(value, Form) and value.errors for value in context.values())
    ):
        # Flask-Security hands on what it is given, so a whole answer will do.
        return cast(str, make_response(html, 422))
    return html


def _never_json(_request: Request) -> bool:
    return False


def _no_token(_request: Request) -> Account | None:
    return None


def _keep_out_of_other_pages(app: Flask) -> None:
    """Undo what Flask-Login does at every page of the site; ours ask who is there when they must.

    It would read the session, which marks each answer as one visitor's own, and load the account.
    """
    lists: list[list[Any]] = [
        app.template_context_processors[None],
        app.after_request_funcs[None],
    ]
    for hooks in lists:
        hooks[:] = [hook for hook in hooks if not hook.__module__.startswith("flask_login.")]
