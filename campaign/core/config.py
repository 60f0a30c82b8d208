"""Settings, read once from the environment and a ``.env`` file; docs/operating.md explains each."""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvError

from campaign.core.errors import SettingsError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
INSTANCE_PATH = PROJECT_ROOT / "instance"
DEFAULT_DATABASE_URL = f"sqlite:///{INSTANCE_PATH / 'campaign.sqlite'}"
MINIMUM_SECRET_LENGTH = 32
_RETURN_FORM = re.compile(r"(?=.{7,39}$)[A-Za-z0-9+=._-]*\{token\}[A-Za-z0-9+=._-]*")
"""A local part has at most 64 characters (RFC 5321), and the token has 32 of them."""

_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*")
MINIMUM_TOKEN_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """How mail leaves the installation."""

    channel: str = "console"
    """``smtp``, ``console`` (prints) or ``mailbox`` (files in ``mailbox_path``)."""
    host: str = "127.0.0.1"
    port: int = 25
    use_starttls: bool = False
    use_tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    sender: str = "letters@campaign.example.org"
    """Address in From; its domain is the campaign's own."""
    return_path_domain: str | None = None
    """Domain of the per-message return path; the sender's own when empty."""
    return_path_form: str = "bounce+{token}"
    """Local part of the return path; ``{token}`` stands for what names the message."""
    provider: str = ""
    """The mail service behind ``host``, where it reports bounces by webhook; else empty."""
    dkim_domain: str = ""
    """Domain that signs; the sender's own when empty."""
    dkim_selector: str = ""
    """Name of the key in the DNS: its record is at ``<selector>._domainkey.<domain>``."""
    dkim_key_file: Path | None = None
    """Private key in PEM form; without one the relay signs, or nobody does."""
    mailbox_path: Path = INSTANCE_PATH / "mailbox"
    letters_per_hour: int = 20
    """Letters to one recipient address in any hour, all campaigns together."""
    letters_per_day: int = 100
    """Letters to one recipient address in any 24 hours, all campaigns together."""
    letters_at_once_to_domain: int = 40
    """Messages to one recipient domain that workers have in hand at once, all together."""

    @property
    def sender_domain(self) -> str:
        """Return the domain in From, as the DNS knows it."""
        return ascii_domain(self.sender.rpartition("@")[2])

    @property
    def envelope_domain(self) -> str:
        """Return the domain of the return path, as the DNS knows it."""
        return ascii_domain(self.return_path_domain or "") or self.sender_domain

    @property
    def signing_domain(self) -> str:
        """Return the domain for which our own DKIM signature speaks."""
        return ascii_domain(self.dkim_domain) or self.sender_domain


@dataclass(frozen=True, kw_only=True)
class ImapSettings:
    """A mailbox at a provider where bounces and replies arrive."""

    host: str = ""
    port: int = 993
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    timeout_seconds: float = 30.0


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """What mail services prove themselves with; an empty one switches its address off."""

    ses_topic: str = ""
    """Amazon resource name of the SNS topic; its signature is proved by Amazon's certificate."""
    postmark_secret: str = field(default="", repr=False)
    mailgun_key: str = field(default="", repr=False)
    sendgrid_key: str = ""
    """Public key of the signed event webhook, as SendGrid shows it: base64."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an installation can decide."""

    secret_key: str = field(repr=False)
    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    base_url: str = "http://127.0.0.1:5000"
    """Address of the site without a slash at the end; links in mail begin with it."""
    instance_path: Path = INSTANCE_PATH
    """Folder of what this installation keeps in files: its secret, SQLite, the mailbox."""
    is_demonstration: bool = False
    """Invented data, no mail to anybody, and the mailbox viewer."""
    trusted_proxies: int = 0
    """Number of reverse proxies in front whose X-Forwarded headers are believed."""
    rate_limit_storage: str = ""
    """``redis://…`` where there are several machines; empty for a SQLite file of our own."""
    rate_limits_enabled: bool = True
    page_cache: bool = True
    """Whether each process keeps the pages that are the same for everybody, for some seconds."""
    log_level: str = "INFO"
    metrics_token: str = field(default="", repr=False)
    """What must be shown to read ``/metrics``; empty for programs of this machine only."""
    mail: MailSettings = field(default_factory=MailSettings)
    imap: ImapSettings = field(default_factory=ImapSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)

    def __post_init__(self) -> None:
        if len(self.secret_key) < MINIMUM_SECRET_LENGTH:
            raise SettingsError(
                f"SECRET_KEY must have at least {MINIMUM_SECRET_LENGTH} characters; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if urlsplit(self.base_url).scheme not in ("http", "https") or self.base_url.endswith("/"):
            raise SettingsError(
                "BASE_URL must begin with http:// or https:// and end without a slash."
            )
        if self.metrics_token and len(self.metrics_token) < MINIMUM_TOKEN_LENGTH:
            raise SettingsError(
                f"METRICS_TOKEN must have at least {MINIMUM_TOKEN_LENGTH} characters, or be empty."
            )
        if self.mail.channel not in ("smtp", "console", "mailbox"):
            raise SettingsError("MAIL_CHANNEL must be smtp, console or mailbox.")
        if min(self.mail.letters_per_hour, self.mail.letters_per_day) < 1:
            raise SettingsError("LETTERS_PER_HOUR and LETTERS_PER_DAY must be 1 or more.")
        if self.mail.letters_at_once_to_domain < 1:
            raise SettingsError("LETTERS_AT_ONCE_TO_DOMAIN must be 1 or more.")

        if not _RETURN_FORM.fullmatch(self.mail.return_path_form):
            raise SettingsError(
                "MAIL_RETURN_PATH is the part before the @ with {token} in it and only letters, "
                "digits and + = . _ - around that; for instance bounce+{token}."
            )
        _check_dkim(self.mail)
        if self.mail.provider not in ("", "ses", "postmark", "mailgun", "sendgrid"):
            raise SettingsError("MAIL_PROVIDER must be ses, postmark, mailgun, sendgrid or empty.")

    @property
    def is_secure(self) -> bool:
        """Whether supporters reach the site by HTTPS, so that cookies can demand it."""
        return self.base_url.startswith("https://")


def ascii_domain(domain: str) -> str:
    """Return a domain as it stands in the DNS; what is no valid name is returned as it is."""
    try:
        return domain.strip().strip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _check_dkim(mail: MailSettings) -> None:
    if (mail.dkim_key_file is None) != (not mail.dkim_selector):
        raise SettingsError(
            "DKIM_SELECTOR and DKIM_KEY_FILE belong together; set both, or neither."
        )
    if mail.dkim_selector and not _SELECTOR.fullmatch(mail.dkim_selector):
        raise SettingsError(
            "DKIM_SELECTOR is a name of letters, digits and hyphens; for instance campaign2031."
        )


def settings_from_environment(*, env_file: Path | None = PROJECT_ROOT / ".env") -> Settings:
    """Read the settings; raises SettingsError with one sentence when one is missing or wrong."""
    env = Env()
    if env_file is not None and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    try:
        instance_path = env.path("CAMPAIGN_INSTANCE", INSTANCE_PATH).absolute()
        if env.bool("CAMPAIGN_DEMONSTRATION", False):
            return demonstration_settings(
                instance_path / "demo",
                base_url=env.str("BASE_URL", Settings.base_url),
                rate_limits_enabled=env.bool("RATE_LIMITS", Settings.rate_limits_enabled),
                page_cache=env.bool("PAGE_CACHE", Settings.page_cache),
            )
        mail = MailSettings(
            channel=env.str("MAIL_CHANNEL", MailSettings.channel),
            host=env.str("MAIL_HOST", MailSettings.host),
            port=env.int("MAIL_PORT", MailSettings.port),
            use_starttls=env.bool("MAIL_STARTTLS", MailSettings.use_starttls),
            use_tls=env.bool("MAIL_TLS", MailSettings.use_tls),
            username=env.str("MAIL_USERNAME", None),
            password=env.str("MAIL_PASSWORD", None),
            timeout_seconds=env.float("MAIL_TIMEOUT", MailSettings.timeout_seconds),
            sender=env.str("MAIL_SENDER", MailSettings.sender),
            return_path_domain=env.str("MAIL_RETURN_PATH_DOMAIN", None),
            return_path_form=env.str("MAIL_RETURN_PATH", MailSettings.return_path_form),
            provider=env.str("MAIL_PROVIDER", MailSettings.provider),
            dkim_domain=env.str("DKIM_DOMAIN", MailSettings.dkim_domain),
            dkim_selector=env.str("DKIM_SELECTOR", MailSettings.dkim_selector),
            dkim_key_file=env.path("DKIM_KEY_FILE", None) if env.str("DKIM_KEY_FILE", "") else None,
            mailbox_path=env.path("MAILBOX_PATH", instance_path / "mailbox"),
            letters_per_hour=env.int("LETTERS_PER_HOUR", MailSettings.letters_per_hour),
            letters_per_day=env.int("LETTERS_PER_DAY", MailSettings.letters_per_day),
            letters_at_once_to_domain=env.int(
                "LETTERS_AT_ONCE_TO_DOMAIN", MailSettings.letters_at_once_to_domain
            ),
        )
        return Settings(
            secret_key=env.str("SECRET_KEY", "") or _installation_secret(instance_path),
            database_url=env.str("DATABASE_URL", f"sqlite:///{instance_path / 'campaign.sqlite'}"),
            base_url=env.str("BASE_URL", Settings.base_url),
            instance_path=instance_path,
            trusted_proxies=env.int("TRUSTED_PROXIES", Settings.trusted_proxies),
            rate_limit_storage=env.str("RATE_LIMIT_STORAGE", Settings.rate_limit_storage),
            rate_limits_enabled=env.bool("RATE_LIMITS", Settings.rate_limits_enabled),
            page_cache=env.bool("PAGE_CACHE", Settings.page_cache),
            log_level=env.str("LOG_LEVEL", Settings.log_level),
            metrics_token=env.str("METRICS_TOKEN", Settings.metrics_token),
            mail=mail,
            imap=ImapSettings(
                host=env.str("IMAP_HOST", ImapSettings.host),
                port=env.int("IMAP_PORT", ImapSettings.port),
                username=env.str("IMAP_USERNAME", ImapSettings.username),
                password=env.str("IMAP_PASSWORD", ImapSettings.password),
                folder=env.str("IMAP_FOLDER", ImapSettings.folder),
                timeout_seconds=env.float("IMAP_TIMEOUT", ImapSettings.timeout_seconds),
            ),
            webhooks=WebhookSettings(
                ses_topic=env.str("SES_TOPIC_ARN", WebhookSettings.ses_topic),
                postmark_secret=env.str("POSTMARK_WEBHOOK_SECRET", WebhookSettings.postmark_secret),
                mailgun_key=env.str("MAILGUN_SIGNING_KEY", WebhookSettings.mailgun_key),
                sendgrid_key=env.str("SENDGRID_PUBLIC_KEY", WebhookSettings.sendgrid_key),
            ),
        )
    except EnvError as error:
        raise SettingsError(f"A setting cannot be read: {error}") from error


def demonstration_settings(
    instance_path: Path,
    *,
    base_url: str,
    rate_limits_enabled: bool = True,
    page_cache: bool = True,
) -> Settings:
    """Return the settings of the demonstration, whose files are all in ``instance_path``.

    Nothing else is read from the environment: whatever an ``.env`` file says about a database or
    a mail server, the demonstration touches neither.
    """
    return Settings(
        secret_key=_installation_secret(instance_path),
        database_url=f"sqlite:///{instance_path / 'campaign.sqlite'}",
        base_url=base_url,
        instance_path=instance_path,
        rate_limits_enabled=rate_limits_enabled,
        page_cache=page_cache,
        is_demonstration=True,
        log_level="WARNING",  # so that the tour stays on the screen
        # Somebody who tries it out writes in the evening and looks for the letter at once.
        mail=MailSettings(
            channel="mailbox",
            mailbox_path=instance_path / "mailbox",
            letters_per_hour=100_000,
            letters_per_day=100_000,
        ),
    )


def _installation_secret(instance_path: Path) -> str:
    """Return this installation's own secret, made at the first start and kept in a private file.

    One machine needs no more; several machines must share one SECRET_KEY.
    """
    path = instance_path / "secret_key"
    instance_path.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secret := secrets.token_urlsafe(48))
    return secret
