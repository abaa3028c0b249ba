"""A region leaves the host's network alone, and no packet leaves the machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.packets import Packets
from tests.support.region import TestRegion

pytestmark = pytest.mark.region

_CHANGE_BY_THEMSELVES = ("stats", "stats64", "valid_life_time", "preferred_life_time")


def ip(*what: str) -> object:
    """`ip -j` of the namespace that the tests run in, without what changes by itself."""
    done = subprocess.run(["ip", "-j", *what], check=True, capture_output=True, text=True)

    def settled(value: object) -> object:
        if isinstance(value, dict):
            return {k: settled(v) for k, v in value.items() if k not in _CHANGE_BY_THEMSELVES}
        return [settled(one) for one in value] if isinstance(value, list) else value

    return settled(json.loads(done.stdout or "[]"))


def ruleset() -> str:
    """`nft list ruleset`; an ordinary user may not see it."""
    done = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else "may not be seen"


def sysctls(known: Iterable[str] = ()) -> dict[str, str]:
    """Settings below net. that can be read: the known ones, else all but those that count something.

    More of them come when a module of the kernel is loaded.
    """
    found = {}
    for path in map(Path, known or map(str, Path("/proc/sys/net").rglob("*"))):
        if path.is_file() and "count" not in path.name:
            try:
                found[str(path)] = path.read_text()
            except OSError:
                continue  # it can only be written
    return found


def network_of_the_host(settings: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "links": ip("link"),
        "addresses": ip("addr"),
        "routes": ip("route", "show", "table", "all"),
        "routes of IPv6": ip("-6", "route", "show", "table", "all"),
        "rules": ip("rule"),
        "nftables": ruleset(),
        "sysctls": sysctls(settings),
    }


def test_nothing_of_the_hosts_network_changes(tmp_path: Path, needs_namespaces: None) -> None:
    before = network_of_the_host()
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, support.start(workspace))
    try:
        net = Packets.build(region)
        gateway = net.internet_gateway()
        public = net.public_subnet(gateway)
        server = net.eni(public, net.open(), public=True)
        private = net.subnet("b")
        nat, _ = net.nat(public)
        net.route(net.table(private), "0.0.0.0/0", NatGatewayId=nat)
        client = net.eni(private, net.open())
        net.soon(client, "198.18.0.1", 443)
        assert net.passes(client, server)
        assert network_of_the_host(before["sysctls"]) == before
    finally:
        launcher.stop(workspace)
    assert network_of_the_host(before["sysctls"]) == before


def test_the_region_has_no_link_and_no_route_out(region: TestRegion) -> None:
    if shutil.which("nsenter") is None:
        pytest.skip("nsenter is missing")
    enter = ["nsenter", "-t", str(region.record.daemon_pid), "-U", "-n", "--preserve-credentials"]

    def inside(*what: str) -> list[dict[str, object]]:
        done = subprocess.run(
            [*enter, "ip", "-d", "-j", *what], check=True, capture_output=True, text=True
        )
        found: list[dict[str, object]] = json.loads(done.stdout or "[]")
        return found

    kinds = {
        str(link.get("linkinfo", {"info_kind": link["link_type"]})["info_kind"])  # type: ignore[index]
        for link in inside("link")
    }
    assert kinds <= {"loopback", "veth"}
    assert [one for one in inside("route", "show", "table", "all") if one["dst"] == "default"] == []


def test_a_packet_to_an_address_that_is_not_the_regions_goes_nowhere(region: TestRegion) -> None:
    net = Packets.build(region, "10.60")
    client = net.eni(net.public_subnet(net.internet_gateway()), net.open(), public=True)
    net.soon(client, "198.18.0.1", 443)
    answer = net.probe("internet", "192.0.2.1", 80)
    assert (answer["reachable"], answer["words"]) == (False, "network is unreachable")
    assert net.drops(client, "192.0.2.1", 80)
    net.clear()
