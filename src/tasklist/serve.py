"""Run the application under granian in this process, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from typing import NoReturn

import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from tasklist.app import create_app
from tasklist.database import Database
from tasklist.errors import ListenError
from tasklist.front import Front
from tasklist.listener import address_of, ignore_newcomers, own_listeners, resolve
from tasklist.logs import JsonLog
from tasklist.settings import Settings
from tasklist.telemetry import Telemetry

START_SECONDS = 10.0
REFRESH_SECONDS = 1.0
# while draining: stop once no request has come for QUIET, or after DRAIN at the latest
QUIET_SECONDS = 0.1
DRAIN_SECONDS = 5.0
# longer than a load balancer keeps an idle connection (60 s), so that the server never closes first
KEEP_ALIVE_MS = 75_000


def serve(settings: Settings) -> NoReturn:
    """Serve until a signal ends it, and exit the process with the exit code. Raises ListenError."""
    serve_at(settings, *resolve(settings.listen_host, settings.listen_port))


def serve_at(settings: Settings, host: str, port: int) -> NoReturn:
    """Serve at an address that is known to be free, or that is shared with other workers."""
    code = uvloop.run(_serve(settings, host, port))
    # Everything is closed. Granian's threads may still ask for the interpreter; if it were taken
    # down now, Python would end such a thread in the middle of Rust, which aborts the process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _serve(settings: Settings, host: str, port: int) -> int:
    log = JsonLog()
    telemetry = Telemetry.from_environment(log)
    database = Database(settings, telemetry)
    front = create_app(settings, database, log, telemetry)
    server = Server(
        front,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backlog=1024,
        log_enabled=False,
        http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_MS),
    )
    stop = _on_signals(front, server, log)
    beside = [asyncio.create_task(_announce(log))]
    if settings.workers > 1:
        beside.append(asyncio.create_task(_tell_the_others(front)))
    await server.serve()
    for task in beside:
        task.cancel()
    await database.close()
    telemetry.close()
    log.info("stopped", asked=stop.is_set())
    return 0 if stop.is_set() else 1


async def _announce(log: JsonLog) -> None:
    """Log the address once the kernel lists the listening socket."""
    deadline = time.monotonic() + START_SECONDS
    while not (listeners := own_listeners()):
        if time.monotonic() > deadline:
            raise ListenError(f"the server did not listen within {START_SECONDS:.0f} seconds.")
        await asyncio.sleep(0.002)
    for listener in listeners:
        log.info("listening", address=address_of(listener))
        listener.close()
    # Objects that exist now (the modules, the routes) stay for good. A full collection that looks at all
    # of it again holds every request for 30 ms; from now on it looks at what came later only.
    gc.freeze()


async def _tell_the_others(front: Front) -> None:
    """Publish this worker's metrics each second, for whichever worker is asked for them."""
    while True:
        front.metrics.refresh()
        await asyncio.sleep(REFRESH_SECONDS)


def _on_signals(front: Front, server: Server, log: JsonLog) -> asyncio.Event:
    """Drain at the first SIGTERM or SIGINT, stop at the second. Return the event that one has come."""
    asked = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them only weakly

    def received(number: signal.Signals) -> None:
        if asked.is_set():
            _stop(server)
            return
        asked.set()
        log.info("draining", signal=number.name)
        tasks.add(asyncio.create_task(_drain(front, server, log)))

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)
    return asked


async def _drain(front: Front, server: Server, log: JsonLog) -> None:
    """Answer pending requests, close each connection after its answer, then stop."""
    front.draining = True
    try:
        _turn_newcomers_away(log)
        deadline = time.perf_counter() + DRAIN_SECONDS
        while time.perf_counter() < deadline:
            if not front.in_flight and time.perf_counter() - front.last_request > QUIET_SECONDS:
                break
            await asyncio.sleep(0.01)
    finally:
        _stop(server)


def _turn_newcomers_away(log: JsonLog) -> None:
    """Drop new connections where the kernel allows a filter to an unprivileged process (else EPERM)."""
    for listener in own_listeners():
        with listener:
            try:
                ignore_newcomers(listener)
            except OSError as error:
                log.info("newcomers are served until the port closes", reason=str(error))


def _stop(server: Server) -> None:
    """Make granian close its port, finish pending answers and return from serve()."""
    server.stop()  # type: ignore[no-untyped-call]
