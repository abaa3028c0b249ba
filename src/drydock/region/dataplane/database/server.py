"""One PostgreSQL server: its files, its process, and connections to it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import psycopg

from drydock.alive import is_stopped, state
from drydock.errors import DatabaseFailed, SpawnFailed
from drydock.region.dataplane.database.folder import ServerFolder, write_private
from drydock.region.dataplane.database.initdb import (
    choose_locale,
    has_locale,
    locale_note,
    make_data,
)
from drydock.region.dataplane.database.postmaster import (
    clear_socket,
    clear_stale_pid_file,
    is_ready,
    last_words,
)
from drydock.region.dataplane.database.program import ENVIRONMENT, SERVER_UID
from drydock.region.dataplane.database.settings import (
    ADMIN,
    CERTIFICATE,
    KEY,
    pg_hba_conf,
    postgresql_conf,
)
from drydock.region.dataplane.database.spec import (
    Probe,
    ServerExit,
    ServerSpec,
    StopMode,
    installation_for,
)
from drydock.region.dataplane.database.standby import conninfo, copy_data, write_password
from drydock.region.dataplane.processes.client import Process, Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec

__all__ = [
    "Connection",
    "Enter",
    "PostgresServer",
    "Probe",
    "ServerExit",
    "ServerSpec",
    "StopMode",
    "installation_for",
]

log = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]
Enter = Callable[[], AbstractContextManager[None]]

QUIET = (
    "-c log_statement=none -c log_min_duration_statement=-1 -c log_duration=off "
    "-c log_min_duration_sample=-1 -c log_transaction_sample_rate=0 "
    "-c log_min_error_statement=panic"
)
"""Keeps rdsadmin's statements out of the server's log."""

STOPPED_LIMIT = 5.0
"""Seconds that a postmaster may be stopped."""
_PROBE = (
    "SELECT pg_is_in_recovery(), datcollate FROM pg_database WHERE datname = current_database()"
)


class PostgresServer:
    """A server of one folder. Thread-safe; every property reports what is observed."""

    def __init__(
        self,
        spawner: Spawner,
        spec: ServerSpec,
        enter: Enter = nullcontext,
        on_exit: Callable[[ServerExit], None] | None = None,
    ) -> None:
        """`enter` puts the calling thread into the server's network namespace and back.

        `on_exit` is called at every end of the process, in the spawner's thread; it must not block.
        """
        self.spec = spec
        self.folder = ServerFolder(spec.folder)
        self._spawner = spawner
        self._enter = enter
        self._on_exit = on_exit
        self._change = threading.Lock()
        self._process: Process | None = None
        self._asked_to_stop = False
        self._stopped_since: float | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        """Whether its process runs; `probe` tells whether it answers."""
        return self._process is not None and self._process.running

    @property
    def crashed(self) -> bool:
        """Whether its process ended without having been asked to."""
        process = self._process
        return process is not None and not process.running and not self._asked_to_stop

    @property
    def pid(self) -> int | None:
        """Its process id as the host's `ps` shows it, while it runs."""
        process = self._process
        return process.host_pid if process is not None and process.running else None

    def end_if_stopped(self) -> None:
        """Kill a postmaster that has been stopped (SIGSTOP) for some seconds: it accepts no
        clients.

        Raises DatabaseFailed as long as it is stopped and lives.
        """
        pid = self.pid
        if pid is None or not is_stopped(pid):
            self._stopped_since = None
            return
        now = time.monotonic()
        self._stopped_since = now if self._stopped_since is None else self._stopped_since
        if now - self._stopped_since > STOPPED_LIMIT and self._process is not None:
            log.error("%s is stopped and is ended", self.folder.name)
            self._process.kill()
        raise DatabaseFailed(
            f"the server {self.folder.name}",
            f"its process {pid} is stopped (state {state(pid)})",
            f"kill -CONT {pid}; else it is ended and started anew in {STOPPED_LIMIT:g} s",
        )

    def initialise(self) -> None:
        """Make its files where there are none: empty, or a copy of the server that it follows.

        Raises DatabaseFailed: that failed, or the data is of another major.
        """
        with self._change:
            if self._has_data():
                return
            with self.folder.locked():
                if not self._has_data():
                    self._make_data()

    def start(self, timeout: float = 60.0) -> None:
        """Start it and wait until it accepts connections. Idempotent.

        Raises DatabaseFailed: no data, data of another major, the process ended (with its last
        message), or `timeout` seconds went by; then it goes on starting, and `start` may be called
        again.
        """
        with self._change:
            process = self._process
            if process is None or not process.running:
                process = self._launch()
            self._wait_until_ready(process, time.monotonic() + timeout)
            if self.spec.upstream is None:
                self._ensure_admin_database()

    def stop(self, mode: StopMode = StopMode.FAST, grace: float = 20.0) -> None:
        """Stop it; after `grace` seconds without regard for clients, after as many by SIGKILL.

        Nothing happens where it does not run. Raises DatabaseFailed: not even SIGKILL ends it.
        """
        with self._change:
            process = self._process
            if process is None:
                return
            self._asked_to_stop = True
            process.signal(signal.SIGCONT)  # one that was stopped hears nothing else
            for number in (mode.value, StopMode.IMMEDIATE.value, signal.SIGKILL):
                process.signal(number)
                if process.wait(grace) is not None:
                    return
                log.warning("%s did not end by %s", self.folder.name, number.name)
            raise DatabaseFailed(f"stopping {self.folder.name}", "SIGKILL does not end it")

    def connect(self, database: str = ADMIN, timeout: int = 5) -> Connection:
        """Return a connection as rdsadmin, in autocommit mode, usable from any thread.

        `timeout` seconds.

        Raises DatabaseFailed with the server's message.
        """
        try:
            with self._enter():
                return psycopg.connect(
                    hostaddr=self.spec.hostaddr,
                    host=self.spec.hostaddr,
                    port=self.spec.port,
                    user=ADMIN,
                    password=self.folder.password(),
                    dbname=database,
                    autocommit=True,
                    connect_timeout=timeout,
                    options=QUIET,
                    application_name=ADMIN,
                    # set here, so that no PG… variable of the daemon's environment decides
                    sslmode="prefer",
                    gssencmode="disable",
                    target_session_attrs="any",
                    require_auth="scram-sha-256",
                )
        except psycopg.Error as error:
            raise DatabaseFailed(f"connecting to {self.folder.name}", _one_line(error)) from error
        except OSError as error:  # its network namespace is gone
            raise DatabaseFailed(f"connecting to {self.folder.name}", str(error)) from error

    def probe(self, timeout: int = 5) -> Probe:
        """Run a query, over a connection of its own."""
        if not self.running:
            return Probe(False, reason="its process does not run")
        try:
            with self.connect(timeout=timeout) as connection:
                row = connection.execute(_PROBE).fetchone()
        except DatabaseFailed as error:
            return Probe(False, reason=error.cause)
        except psycopg.Error as error:
            return Probe(False, reason=_one_line(error))
        if row is None:
            return Probe(False, reason="it answers without a row")
        return Probe(True, in_recovery=bool(row[0]), note=locale_note(str(row[1])))

    def reconfigure(self, parameters: Mapping[str, str], *, force_tls: bool) -> None:
        """Change the settings; those that can change at run time apply at once.

        Raises DatabaseFailed: a setting cannot be written.
        """
        with self._change:
            self.spec = replace(self.spec, parameters=parameters, force_tls=force_tls)
            if self.running and self._process is not None:
                self._write_settings()
                self._process.signal(signal.SIGHUP)

    def followers(self) -> frozenset[str]:
        """Return the servers that follow it and have caught up, by the names of their folders.

        Raises DatabaseFailed: it does not answer.
        """
        query = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
        try:
            with self.connect() as connection:
                return frozenset(str(row[0]) for row in connection.execute(query))
        except psycopg.Error as error:
            raise DatabaseFailed(f"asking {self.folder.name}", _one_line(error)) from error

    def _make_data(self) -> None:
        installation = self.spec.installation
        if self.spec.upstream is not None:
            copy_data(self._spawner, self.folder, installation, self.spec.upstream)
            return
        locale = choose_locale(installation.major, has_locale)
        make_data(self._spawner, self.folder, installation, locale)

    def _has_data(self) -> bool:
        have, want = self.folder.major, self.spec.installation.major
        if have is not None and have != want:
            raise DatabaseFailed(
                f"the data of {self.folder.name}",
                f"PostgreSQL {have} made them, PostgreSQL {want} cannot read them",
                f"run it with PostgreSQL {have}, or upgrade the data",
            )
        return have is not None

    def _launch(self) -> Process:
        if not self._has_data():
            raise DatabaseFailed(f"starting {self.folder.name}", "it has no data yet")
        self._asked_to_stop = False
        with self.folder.locked() as lock:
            clear_stale_pid_file(self.folder)
            clear_socket(self.folder)
            self._write_settings()
            output = self.folder.open_log()
            self._log_start = os.fstat(output).st_size
            try:
                process = self._spawner.spawn(
                    ProcessSpec(
                        argv=[
                            self.spec.installation.program("postgres"),
                            "-D",
                            str(self.folder.data),
                        ],
                        env=ENVIRONMENT,
                        netns=self.spec.netns,
                        # It reads nothing from it: the lock is held for as long as any part of the
                        # server lives, since every part inherits the descriptor.
                        stdin=lock,
                        stdout=output,
                        stderr=output,
                        uid=SERVER_UID,
                        gid=SERVER_UID,
                    ),
                    self._ended,
                )
            except SpawnFailed as error:
                raise DatabaseFailed(f"starting {self.folder.name}", str(error)) from error
            finally:
                os.close(output)
        self._process = process
        return process

    def _write_settings(self) -> None:
        spec, upstream = self.spec, ""
        if spec.upstream is not None:
            write_password(self.folder, spec.upstream)
            upstream = conninfo(self.folder, self.folder.data, spec.upstream)
        conf = postgresql_conf(
            spec.installation.major,
            self.folder.name,
            spec.listen,
            spec.port,
            spec.parameters,
            upstream,
            tls=spec.tls is not None,
            archives=spec.archives,
            ephemeral=spec.ephemeral,
        )
        if spec.archives:
            self.folder.archive.mkdir(mode=0o700, exist_ok=True)
        if self.folder.recovering:
            conf += self.folder.recovery_settings.read_text()
        if spec.tls is not None:
            write_private(self.folder.path / CERTIFICATE, spec.tls.certificate)
            write_private(self.folder.path / KEY, spec.tls.key)
        write_private(self.folder.data / "postgresql.conf", conf)
        rules = pg_hba_conf(force_tls=spec.force_tls and spec.tls is not None)
        write_private(self.folder.data / "pg_hba.conf", rules)

    def _wait_until_ready(self, process: Process, deadline: float) -> None:
        while not is_ready(self.folder) or (self.spec.upstream is None and self.folder.recovering):
            if process.wait(0.005) is not None:
                raise DatabaseFailed(
                    f"starting {self.folder.name}",
                    f"PostgreSQL ended with {process.exit_code}: {last_words(self.folder.log, self._log_start)}",
                    f"read {self.folder.log}",
                )
            if time.monotonic() > deadline:
                raise DatabaseFailed(
                    f"starting {self.folder.name}",
                    f"it takes no connections yet: {last_words(self.folder.log, self._log_start)}",
                    "wait, or stop it",
                )

    def _ensure_admin_database(self) -> None:
        """Make our own database: the master user may drop `postgres`. template1 always exists."""
        try:
            with self.connect("template1") as connection:
                known = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (ADMIN,)
                ).fetchone()
                if known is None:
                    connection.execute(f"CREATE DATABASE {ADMIN}")
        except psycopg.Error as error:
            raise DatabaseFailed(f"preparing {self.folder.name}", _one_line(error)) from error

    def _ended(self, process: Process) -> None:
        code = process.exit_code if process.exit_code is not None else -1
        log.info("%s ended with %s", self.folder.name, code)
        if self._on_exit is not None:
            self._on_exit(ServerExit(self.folder.name, code, self._asked_to_stop))


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
