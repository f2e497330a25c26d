"""What ``manage.py up`` starts, as a configuration for supervisor, and how to talk to it.

The order: PostgreSQL and Valkey; once both answer, migrations; then web, workers and beat.
"""

import http.client
import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from supervisor.xmlrpc import SupervisorTransport

from crm.child import ending_with_us
from crm.embedded import Servers
from crm.keeper import SUPERVISED

ROOT = Path(__file__).resolve().parent.parent
WEB_PROCESSES = 2
#: queue → processes. Alerts have their own, so that no sweep or import holds a rep's news back; one may be
#: busy with a mail server that stalls and one with a webhook that hangs.
WORKERS = {"alerts": 3, "scoring": 2, "bulk": 1}
#: Workers do not talk among themselves: the database says who does what.
QUIET = ("--without-gossip", "--without-mingle")
START_SECONDS = 60.0
STOP_SECONDS = 20


class LaunchError(RuntimeError):
    """Something did not come up; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Program:
    """One line of the launcher: what runs, under which name, and how it is asked to stop."""

    name: str
    command: list[str]
    stop: str = "TERM"
    as_servers: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def server_programs(servers: Servers, *, postgres: bool, valkey: bool) -> list[Program]:
    """The embedded servers that no address in the environment replaces."""
    programs = []
    if postgres:
        # SIGINT: PostgreSQL's fast shutdown, which does not wait for clients.
        programs.append(Program("postgres", servers.postgres_command(), stop="INT", as_servers=True))
    if valkey:
        programs.append(Program("valkey", servers.valkey_command(), as_servers=True))
    return programs


def worker_programs() -> list[Program]:
    celery = [sys.executable, "-m", "celery", "-A", "crm"]
    workers = [
        Program(
            f"worker-{queue}",
            [*celery, "worker", "-Q", queue, "-c", str(processes), "-n", f"{queue}@%h", *QUIET],
        )
        for queue, processes in WORKERS.items()
    ]
    # The schedule stays in memory: a file would only be one more thing a kill can leave torn.
    beat = Program("beat", [*celery, "beat", "-S", "celery.beat:Scheduler"])
    return [*workers, beat]


def configuration(*, servers: Servers, programs: list[Program], host: str, port: int) -> str:
    """The supervisor configuration, as text."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    socket = str(servers.run / "supervisor.sock")
    parser["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": str(servers.log / "supervisor.log"),
        "pidfile": str(servers.local / "supervisor.pid"),
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    parser["unix_http_server"] = {"file": socket, "chmod": "0700"}
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for number, program in enumerate(programs):
        parser[f"program:{program.name}"] = _section(program, servers, priority=10 + number)
    parser["fcgi-program:web"] = {
        **_section(_web(), servers, priority=50),
        "socket": f"tcp://{host}:{port}",
        "socket_backlog": "512",
        "process_name": "web-%(process_num)d",
        "numprocs": str(WEB_PROCESSES),
    }
    named = {program.name for program in programs}
    for group, names, priority in (
        ("servers", [name for name in ("postgres", "valkey") if name in named], 1),
        ("work", [program.name for program in programs if not program.as_servers], 20),
    ):
        if names:
            parser[f"group:{group}"] = {"programs": ",".join(names), "priority": str(priority)}
    lines = ["; Written by `manage.py up` at every start: change crm/launcher.py instead.", ""]
    for section in parser.sections():
        lines += [f"[{section}]", *(f"{key} = {value}" for key, value in parser[section].items()), ""]
    return "\n".join(lines)


def _web() -> Program:
    return Program("web", [sys.executable, "-m", "crm.web"], environment={"DATABASE_POOL": "1"})


def _section(program: Program, servers: Servers, *, priority: int) -> dict[str, str]:
    account = servers.account if program.as_servers else None
    command = ending_with_us(program.command, stop=f"SIG{program.stop}", account=account)
    section = {
        "command": _escaped(shlex.join(command)),
        "directory": _escaped(str(servers.home if program.as_servers else ROOT)),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000",  # it waits longer each time, and gives up on nothing
        "stopsignal": program.stop,
        "stopwaitsecs": str(STOP_SECONDS),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _escaped(str(servers.log / f"{program.name}.log")),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
        "priority": str(priority),
    }
    if program.environment:
        section["environment"] = ",".join(f'{key}="{value}"' for key, value in program.environment.items())
    return section


def _escaped(value: str) -> str:
    return value.replace("%", "%%")


class Supervisor:
    """The supervisor of one ``LOCAL_DIR``, our child, and what it runs."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def remote(self) -> xmlrpc.client.ServerProxy:
        """A fresh client: one whose call failed cannot call again."""
        url = f"unix://{self.servers.run / 'supervisor.sock'}"
        return xmlrpc.client.ServerProxy(
            "http://127.0.0.1", transport=SupervisorTransport(None, None, serverurl=url)
        )

    def start(self, configuration: str) -> None:
        path = self.servers.local / "supervisor.conf"
        path.write_text(configuration, encoding="utf-8")
        (self.servers.run / "supervisor.sock").unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(path)]
        with (self.servers.log / "supervisor.out").open("wb") as output:
            self.process = subprocess.Popen(
                ending_with_us(command, stop="SIGTERM"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop everything in order
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.remote.supervisor.getState()
                return
            except (OSError, http.client.HTTPException, xmlrpc.client.Error):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.servers.log / "supervisor.out").read_text(errors="replace").strip()
                    raise LaunchError(f"The supervisor did not start: {said}") from None
                time.sleep(0.05)

    def launch(self, groups: Iterable[str]) -> None:
        """Tell these groups to start, without waiting for them. Safe to repeat."""
        for info in self.states():
            if info["group"] in groups and info["statename"] == "STOPPED":
                self.remote.supervisor.startProcess(f"{info['group']}:{info['name']}", False)

    def states(self) -> list[dict[str, str]]:
        return list(self.remote.supervisor.getAllProcessInfo())  # type: ignore[arg-type]

    def troubled(self) -> list[str]:
        """The names of the programs that do not stay up."""
        return sorted({info["name"] for info in self.states() if info["statename"] in {"BACKOFF", "FATAL"}})

    def wait(self) -> None:
        """Return when the supervisor has ended."""
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """Stop everything in order and wait. Safe to repeat."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


def end_leftovers(servers: Servers) -> int:
    """End what an ``up`` that was killed left running here; how many processes that were.

    Only while holding the folder's ``up.lock``: then nobody rightly runs any of them. On Linux they
    end with their parent already, so there is something to do only elsewhere or in a close race.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(SUPERVISED) == str(servers.local):
                process.terminate()
                found.append(process)
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(found, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()
    return len(found)


def answers(host: str, port: int, path: str) -> bool:
    """Whether the web process answers 200 there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
