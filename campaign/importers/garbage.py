"""Python's search for garbage, put off while thousands of records are made that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Put the search for cycles off: it would look through all records again and again.

    Records hold no cycles, so nothing is kept that would have been freed. A command has the
    process to itself; a web server should not do this.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
