"""The daemon's side of PID 1: answers, ends, and what comes too early or too late."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes import client as module
from drydock.region.dataplane.processes.client import InitClient, Process
from drydock.region.dataplane.processes.protocol import Message, ProcessSpec
from tests.support.waiting import eventually

SPEC = ProcessSpec(argv=["x"], env={})


class FakeInit:
    """PID 1 as a list of what it was asked, answered by hand."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel = ours
        self.client = InitClient(theirs)
        self._theirs = theirs

    def receive(self) -> Message:
        self.channel.settimeout(5)
        message = Message.receive(self.channel)
        assert message is not None
        return message

    def say(self, verb: str, **fields: Any) -> None:
        Message(verb, fields).send(self.channel)

    def spawn(self, seen: list[Process]) -> threading.Thread:
        """Ask for a process on a thread; it ends up in `seen`."""
        thread = threading.Thread(target=lambda: seen.append(self.client.spawn(SPEC)))
        thread.start()
        return thread

    def close(self) -> None:
        self.channel.close()
        eventually(lambda: self.client._gone, "the client has noticed")
        self._theirs.close()


@pytest.fixture
def init() -> Iterator[FakeInit]:
    fake = FakeInit()
    yield fake
    fake.close()


def test_a_process_is_known_with_both_ids_until_it_ends(init: FakeInit) -> None:
    seen: list[Process] = []
    thread = init.spawn(seen)
    init.say("started", ticket=init.receive().fields["ticket"], pid=7, host_pid=1007)
    thread.join(5)
    (process,) = seen
    assert (process.pid, process.host_pid, process.running) == (7, 1007, True)
    process.terminate()
    assert init.receive().fields == {"pid": 7, "signal": signal.SIGTERM}
    init.say("exited", pid=7, exit_code=143)
    assert process.wait(5) == 143


def test_an_end_that_is_told_before_the_start_is_not_lost(init: FakeInit) -> None:
    seen: list[Process] = []
    thread = init.spawn(seen)
    ticket = init.receive().fields["ticket"]
    init.say("exited", pid=7, exit_code=3)
    init.say("started", ticket=ticket, pid=7, host_pid=1007)
    thread.join(5)
    assert seen[0].wait(5) == 3


def test_a_refusal_has_the_systems_words(init: FakeInit) -> None:
    caught: list[SpawnFailed] = []

    def ask() -> None:
        with pytest.raises(SpawnFailed) as error:
            init.client.spawn(SPEC)
        caught.append(error.value)

    thread = threading.Thread(target=ask)
    thread.start()
    init.say("started", ticket=init.receive().fields["ticket"], error="No such file: 'x'")
    thread.join(5)
    assert caught[0].cause == "No such file: 'x'"


def test_a_process_that_starts_too_late_is_ended_and_mistaken_for_no_other(
    init: FakeInit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    with pytest.raises(SpawnFailed, match="does not answer"):
        init.client.spawn(SPEC)
    ticket = init.receive().fields["ticket"]
    init.say("started", ticket=ticket, pid=7, host_pid=1007)
    assert init.receive().fields == {"pid": 7, "signal": signal.SIGKILL}
    init.say("exited", pid=7, exit_code=137)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 5)
    seen: list[Process] = []
    thread = init.spawn(seen)
    init.say("started", ticket=init.receive().fields["ticket"], pid=7, host_pid=2007)
    thread.join(5)
    assert seen[0].running


def test_nobody_waits_for_a_pid_1_that_is_gone(init: FakeInit) -> None:
    errors: list[str] = []

    def ask() -> None:
        with pytest.raises(SpawnFailed) as error:
            init.client.spawn(SPEC)
        errors.append(error.value.cause)

    thread = threading.Thread(target=ask)
    thread.start()
    init.receive()
    init.close()
    thread.join(5)
    assert errors == ["the region is stopping"]
    eventually(lambda: not thread.is_alive(), "the asker is answered")
