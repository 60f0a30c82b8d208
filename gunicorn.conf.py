"""How gunicorn serves the site: ``gunicorn`` in this folder reads this file and needs no argument.

An option on the command line wins, as in ``gunicorn --bind 0.0.0.0:8000 --workers 4``.
"""

import ctypes
import gc
from contextlib import suppress
from typing import Any

wsgi_app = "wsgi:app"
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2
threads = 4

# The workers share what was loaded before they were born: the second costs a few megabytes.
preload_app = True

# glibc gives each thread a heap of its own, which then keep what they once took.
_M_ARENA_MAX = -8
with suppress(OSError, AttributeError):
    ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 1)


def when_ready(_server: Any) -> None:
    """Keep the collector off what is shared: it would write to every page of it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, _worker: Any) -> None:
    """Let a worker open connections of its own: one must never be used by two processes."""
    installation = getattr(server.app.wsgi(), "extensions", {}).get("campaign")
    if installation is not None:
        installation.database.engine.dispose(close=False)
