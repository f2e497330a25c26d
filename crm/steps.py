"""What the launcher does, a line a step, for the person who waits at the terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper


@contextmanager
def step(out: OutputWrapper, name: str) -> Iterator[None]:
    """“Tables … 3.1 s”: the name before the work, the time after it, on one line that others may add to."""
    began = time.monotonic()
    say(out, f"{name} …")
    try:
        yield
    except BaseException:
        out.write("")  # whatever is said next begins its own line
        raise
    out.write(f"{time.monotonic() - began:.1f} s")
    out.flush()


def say(out: OutputWrapper, words: str) -> None:
    """Add to the line, at once: who waits must see it also through a pipe."""
    out.write(words, ending=" ")
    out.flush()
