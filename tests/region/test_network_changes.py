"""While rules change: open connections go on, and what cannot be compiled changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.packets import Eni, Packets, tcp
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

ECHO = """
import signal, socketserver, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(100):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.daemon_threads = True
server = socketserver.ThreadingTCPServer(("0.0.0.0", 3000), Echo)
print("listening", flush=True)
server.serve_forever()
"""
TALK = """
import signal, socket, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
where, said, turns = (sys.argv[1], 3000), "", 0
kept = socket.create_connection(where, 5)
kept.settimeout(0.5)
def talks():
    try:
        kept.sendall(b"x")
        return kept.recv(100) == b"x"
    except OSError:
        return False
def opens():
    try:
        socket.create_connection(where, 0.2).close()
        return True
    except OSError:
        return False
while True:
    found = f"kept {talks()} new {opens()}"
    turns = turns + 1 if found == said.rpartition(" ")[0] else 0
    if turns in (0, 5):
        said = f"{found} {turns}"
        print(said, flush=True)
    time.sleep(0.02)
"""


def test_an_open_connection_survives_what_would_not_let_it_begin(
    scenario: Scenario, region: TestRegion
) -> None:
    ec2 = region.client("ec2")
    server = scenario.run(scenario.define("psql:1", [ECHO]))
    scenario.wait_for_output(server, 1)
    client = scenario.run(scenario.define("psql:1", [TALK, scenario.address(server)]))

    def said(what: str, since: int) -> int:
        """Wait until the client says so, five times in a row → how many lines there are then."""
        return eventually(
            lambda: len(lines) if f"{what} 5" in (lines := scenario.output(client))[since:] else 0,
            what,
        )

    lines = said("kept True new True", 0)
    details = {
        one["name"]: one["value"] for one in scenario.task(server)["attachments"][0]["details"]
    }
    eni = details["networkInterfaceId"]
    closed = ec2.create_security_group(GroupName="closed", Description="c", VpcId=scenario.vpc)[
        "GroupId"
    ]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[closed])
    lines = said("kept True new False", lines)
    ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=[tcp(3000)])
    lines = said("kept True new True", lines)
    ec2.revoke_security_group_ingress(GroupId=closed, IpPermissions=[tcp(3000)])
    said("kept True new False", lines)
    assert not [one for one in scenario.output(client) if "kept False" in one]
    for arn in (client, server):
        scenario.stop(arn)
        scenario.wait(arn, "STOPPED")


@pytest.fixture
def moody(
    tmp_path: Path, needs_namespaces: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[TestRegion, Path]]:
    """A region whose nft refuses every ruleset while a file is there, and that file."""
    mood = tmp_path / "refuse"
    program = tmp_path / "bin" / "nft"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nif [ -e {mood} ]; then echo "Error: no mood" >&2; exit 1; fi\n'
        f'exec {shutil.which("nft", path=os.defpath + ":/usr/sbin:/sbin")} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, support.start(workspace))
    yield region, mood
    launcher.stop(workspace)


def test_rules_that_cannot_be_loaded_leave_the_last_ones_in_force(
    moody: tuple[TestRegion, Path],
) -> None:
    region, mood = moody
    net = Packets.build(region)
    subnet, group = net.subnet(), net.group(tcp(80))
    client, server = net.eni(subnet, net.group()), net.eni(subnet, group)
    assert net.passes(client, server, 80)
    mood.touch()
    net.allow(group, tcp(81))
    net.revoke(group, tcp(80))

    def shown() -> list[str]:
        return [one["error"] for one in region.inspect()["problems"] if one["resource"] == net.vpc]

    eventually(lambda: any("no mood" in one for one in shown()), "the refusal is shown")
    assert net.passes(client, server, 80)
    assert net.drops(client, server, 81)
    mood.unlink()
    eventually(lambda: net.passes(client, server, 81), "the rules are loaded after all", 20)
    assert net.drops(client, server, 80)
    eventually(lambda: not shown(), "the problem is gone")


def test_a_new_vpc_whose_rules_cannot_be_loaded_is_closed(moody: tuple[TestRegion, Path]) -> None:
    region, mood = moody
    net = Packets.build(region)
    subnet = net.subnet()
    mood.touch()
    made = [
        net.ec2.create_network_interface(SubnetId=subnet, Groups=[net.open()])["NetworkInterface"]
        for _ in range(2)
    ]
    enis = [Eni(one["NetworkInterfaceId"], one["PrivateIpAddress"]) for one in made]
    eventually(lambda: region.inspect()["problems"], "the refusal is shown")
    # without rules there is not even an interface
    assert "not attached" in str(net.probe(enis[0], enis[1]))
    mood.unlink()
    eventually(lambda: net.probe(enis[0], enis[1]).get("reachable"), "it is attached after all", 20)
