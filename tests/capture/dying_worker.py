"""A worker of imports that dies in the midst of its work twenty times, as a machine may, and then one that
does not. For a process of its own, in which Django is set up."""

import os
import random
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection, connections

from capture.imports import working
from capture.models import Import

KILLED = 9


def work(statements: int) -> None:
    """Work until so many statements were sent; then die without a word."""
    left = statements

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(KILLED)
        return execute(*args)

    with connection.execute_wrapper(count):
        while working.work():
            pass


def run(folder: str, seed: str) -> None:
    """Work the imports off whose files lie in ``folder``; prints how often it died on the way."""
    settings.MEDIA_ROOT = folder
    chance, died = random.Random(seed), 0
    while died < 20 and Import.objects.filter(state=Import.State.RUNNING).exists():
        connections.close_all()
        if not (pid := os.fork()):
            work(chance.randrange(2, 28))
            os._exit(0)
        chance.random()
        _, status = os.waitpid(pid, 0)
        # Another one finds nothing to do while the server has not noticed the death of the one before.
        died += os.waitstatus_to_exitcode(status) == KILLED
        Import.objects.update(leased_until=None, attempts=0)  # as when somebody says "try again"
    while working.work():
        pass
    sys.stdout.write(str(died))
