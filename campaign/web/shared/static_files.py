"""Files of the site itself: served by WhiteNoise, kept for long, and renamed when they change."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise

MAX_AGE_SECONDS = 60 * 60 * 24 * 30
"""A month: an address carries the version of what it shows, so a new file has a new address."""
VERSION_LENGTH = 12


def init_app(app: Flask, headers: Callable[[], Iterator[tuple[str, str]]]) -> None:
    """Serve the static folder before the application sees the request."""
    folder = Path(app.static_folder or "")
    versions = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()[
            :VERSION_LENGTH
        ]
        for path in folder.rglob("*")
        if path.is_file()
    }

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        version = versions.get(values.get("filename", "")) if endpoint == "static" else None
        if version is not None:
            values.setdefault("v", version)

    def add_headers(served: Any, _path: str, _url: str) -> None:
        for name, value in headers():
            served[name] = value

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(folder),
        prefix=f"{app.static_url_path}/",
        max_age=0 if app.debug else MAX_AGE_SECONDS,
        allow_all_origins=False,
        autorefresh=app.debug,
        add_headers_function=add_headers,
    )
