"""Run a program that ends when its parent does, and as another account when asked.

``python -I -S child.py [--as UID:GID] SIGNAL PROGRAM ARGUMENT…``. On Linux the kernel sends the
signal when the parent is killed, so no server or worker outlives its supervisor or keeper. It replaces
itself with the program; it imports nothing of ours, since it must cost no time.
"""

import ctypes
import os
import pwd
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1


def ending_with_us(command: list[str], *, stop: str, account: pwd.struct_passwd | None = None) -> list[str]:
    """The command line of ``command`` as a child that gets the signal ``stop`` ("SIGTERM") when we die."""
    identity = ["--as", f"{account.pw_uid}:{account.pw_gid}"] if account else []
    return [sys.executable, "-I", "-S", __file__, *identity, stop, *command]


def main(arguments: list[str]) -> None:
    if arguments[0] == "--as":
        uid, gid = (int(number) for number in arguments[1].split(":"))
        arguments = arguments[2:]
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    number = signal.Signals[arguments[0]].value
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew whom to tell
            sys.exit(1)
    os.execvp(arguments[1], arguments[1:])  # noqa: S606 — no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
