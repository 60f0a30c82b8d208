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

# glibc gives each thread a heap of its own, which then keep what they once took; and a large
# text, once freed, is only given back where it had pages of its own.
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
with suppress(OSError, AttributeError):
    _libc = ctypes.CDLL("libc.so.6")
    _libc.mallopt(_M_ARENA_MAX, 1)
    _libc.mallopt(_M_MMAP_THRESHOLD, 64 * 1024)


def when_ready(server: Any) -> None:
    """Load what pages need before there are workers, and keep the collector off what is shared."""
    app = server.app.wsgi()
    if "campaign" in getattr(app, "extensions", {}):
        from campaign.web.warm_up import warm_up

        warm_up(app)
    gc.collect()
    gc.freeze()


def post_fork(server: Any, _worker: Any) -> None:
    """Let a worker open connections of its own: one must never be used by two processes."""
    installation = getattr(server.app.wsgi(), "extensions", {}).get("campaign")
    if installation is not None:
        installation.database.engine.dispose(close=False)
