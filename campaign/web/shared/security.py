"""Headers on every answer: a strict content policy, frames for embeds alone, no third parties."""

from collections.abc import Iterator

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)

FRAMED_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors *",
    )
)
"""For what is made to stand in pages of others: no script, no form, nothing to be tricked into."""


def let_be_framed(response: Response) -> Response:
    """Let a page without script, form and cookie stand in a frame of every site."""
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def security_headers(*, is_secure: bool) -> Iterator[tuple[str, str]]:
    """Yield the headers of every answer; HSTS only where the site is reached by HTTPS."""
    yield "Content-Security-Policy", CONTENT_SECURITY_POLICY
    yield "X-Content-Type-Options", "nosniff"
    yield "X-Frame-Options", "DENY"
    # Pages behind a signed link must not hand the link to the next site.
    yield "Referrer-Policy", "same-origin"
    yield "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"
    yield "Cross-Origin-Opener-Policy", "same-origin"
    yield "Cross-Origin-Resource-Policy", "same-origin"
    if is_secure:
        yield "Strict-Transport-Security", "max-age=31536000; includeSubDomains"


def init_app(app: Flask, *, is_secure: bool) -> None:
    """Add the headers where the view has not set its own; nothing is kept unless it says so."""
    headers = [(name, name.lower(), value) for name, value in security_headers(is_secure=is_secure)]

    @app.after_request
    def add_headers(response: Response) -> Response:
        # Looked through once: a look for each header costs as much as a small view.
        own = {name.lower() for name, _value in response.headers}
        if response.headers.get("Content-Security-Policy") == FRAMED_POLICY:
            own.add("x-frame-options")  # Which has no value for everybody; it is left out.
        response.headers.extend((name, value) for name, lower, value in headers if lower not in own)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
