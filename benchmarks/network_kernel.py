"""The network's own cost in the kernel, without a region: run in namespaces of its own.

unshare --user --map-root-user --net python -m benchmarks.network_kernel     (benchmarks.network does)

Prints one JSON document, what `Figures` holds.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from drydock.region.dataplane import linux
from drydock.region.dataplane.network.fabric import Fabric
from drydock.region.dataplane.network.filtering import Filter, compiled
from drydock.region.dataplane.network.loading import steps
from drydock.region.dataplane.network.router import (
    ENDPOINT,
    INTERNET,
    EniSpec,
    VpcSpec,
    link_name,
)
from drydock.region.dataplane.network.security import (
    TCP,
    Interface,
    Policy,
    SecurityGroup,
    SecurityRule,
    Traffic,
)

ENIS = 200
RULES = 60
PORT = 5001
ROUNDS = 30
SECONDS = 0.3
RULE_COUNTS = (10, 30, 100, 300, 1000)
_RULES_PER_GROUP = 50
_GROUPS_PER_ENI = 5
_VPC = VpcSpec("vpc-0123456789abcdef0", (IPv4Network("10.0.0.0/16"),))
_ANYWHERE = (IPv4Network("0.0.0.0/0"),)


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    creation: float
    """Milliseconds for an ENI."""
    memory: float
    """MB for an idle ENI."""
    with_rules: list[float]
    """Gbit/s between two ENIs, by round."""
    without: list[float]
    compiling: list[tuple[int, float, float]]
    """Rules; milliseconds to write them in nftables' words; to have nft load them."""


def main() -> int:
    fabric = Fabric()
    fabric.start(IPv4Address("203.0.113.10"))
    fabric.add_vpc(_VPC)
    memory = _memory()
    begun = time.perf_counter()
    specs = [_spec(number) for number in range(ENIS)]
    for spec in specs:
        fabric.add_eni(spec)
    creation = (time.perf_counter() - begun) / ENIS * 1000
    memory = (_settled_memory() - memory) / ENIS
    load = _loader(fabric)
    with_rules, without = _throughput(fabric, specs, load)
    figures = Figures(
        creation, memory, with_rules, without, [_compile(n, load) for n in RULE_COUNTS]
    )
    fabric.close()
    print(json.dumps(asdict(figures)))
    return 0


def _spec(number: int) -> EniSpec:
    """In one of four subnets."""
    subnet = IPv4Network(f"10.0.{number % 4}.0/24")
    mac = f"02:00:00:00:00:{number:02x}"
    return EniSpec(f"eni-{number:017x}", _VPC.vpc_id, subnet, subnet[4 + number // 4], mac)


def _memory() -> float:
    """MB of the kernel's own (slabs, memory per CPU, stacks, page tables) and of this process.

    A namespace is made of nothing else; free memory would tell of every other process too.
    """
    gc.collect()
    lines = Path("/proc/meminfo").read_text().splitlines()
    kernel = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmRSS:")[2].split()[0])
    parts = ("Slab", "Percpu", "KernelStack", "PageTables")
    return (sum(kernel[part] for part in parts) + own) / 1024


def _settled_memory() -> float:
    """After the kernel has done what it puts off."""
    time.sleep(1)
    return _memory()


def _loader(fabric: Fabric) -> Callable[[str], None]:
    router = fabric.router(_VPC.vpc_id)
    return lambda rules: fabric._thread.run("a benchmark's rules", lambda: router.nft(rules))


# -- throughput


def _throughput(
    fabric: Fabric, specs: list[EniSpec], load: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """By turns, so that what else the machine does meets both."""
    pair = specs[0], specs[1]
    rules = _rules(RULES - 1)
    last = SecurityRule(Traffic(TCP, PORT, PORT), _ANYWHERE)
    group = SecurityGroup("sg-1", (*rules, last), (*rules, last))
    policy = _policy({"sg-1": group}, [(spec, ("sg-1",)) for spec in pair])
    filtered = [step.commands for step in steps(Filter(), compiled(policy))]
    with_rules: list[float] = []
    without: list[float] = []
    load("flush ruleset")
    _transfer(fabric, *pair, seconds=0.3)  # a machine that idles is slow at first
    for number in range(ROUNDS):
        for rules_first in (number % 2 == 0, number % 2 == 1):
            load("flush ruleset")
            for commands in filtered if rules_first else ():
                load(commands)
            found = with_rules if rules_first else without
            found.append(_transfer(fabric, *pair, seconds=SECONDS))
    return with_rules, without


def _transfer(fabric: Fabric, source: EniSpec, target: EniSpec, seconds: float) -> float:
    """Gbit/s of one TCP connection."""
    with fabric.namespace(target.eni_id).listen(target.address, PORT) as listener:
        with linux.in_network_namespace(fabric.namespace(source.eni_id).descriptor):
            sender = socket.socket()
        with sender:
            sender.settimeout(10)
            sender.connect((str(target.address), PORT))
            receiver, _ = listener.accept()
            process = multiprocessing.get_context("fork").Process(target=_swallow, args=(receiver,))
            process.start()
            receiver.close()
            data, sent = bytes(1 << 18), 0
            begun = time.perf_counter()
            while time.perf_counter() - begun < seconds:
                sent += sender.send(data)
            sender.shutdown(socket.SHUT_WR)
            sender.recv(1)  # all of it has arrived
            taken = time.perf_counter() - begun
            process.join()
    return sent * 8 / taken / 1e9


def _swallow(receiver: socket.socket) -> None:
    buffer = bytearray(1 << 18)
    while receiver.recv_into(buffer):
        continue
    receiver.sendall(b"x")


# -- compiling


def _compile(count: int, load: Callable[[str], None]) -> tuple[int, float, float]:
    """Medians of five."""
    rules = _rules(count)
    parts = [rules[n : n + _RULES_PER_GROUP] for n in range(0, count, _RULES_PER_GROUP)]
    groups = {f"sg-{n}": SecurityGroup(f"sg-{n}", part) for n, part in enumerate(parts)}
    names = list(groups)
    chosen = [tuple(names[n : n + _GROUPS_PER_ENI]) for n in range(0, len(names), _GROUPS_PER_ENI)]
    policy = _policy(groups, [(_spec(n), one) for n, one in enumerate(chosen)])
    written, loaded = [], []
    for _ in range(5):
        load("flush ruleset")
        begun = time.perf_counter()
        todo = steps(Filter(), compiled(policy))
        middle = time.perf_counter()
        for step in todo:
            load(step.commands)
        written.append((middle - begun) * 1000)
        loaded.append((time.perf_counter() - middle) * 1000)
    return count, statistics.median(written), statistics.median(loaded)


def _rules(count: int) -> tuple[SecurityRule, ...]:
    """Each of its own network and port, none of them the benchmark's."""
    return tuple(
        SecurityRule(
            Traffic(TCP, 10_000 + n, 10_000 + n), (IPv4Network(f"172.16.{n >> 8}.{n & 255}/32"),)
        )
        for n in range(count)
    )


def _policy(
    groups: dict[str, SecurityGroup], interfaces: list[tuple[EniSpec, tuple[str, ...]]]
) -> Policy:
    return Policy(
        groups=groups,
        interfaces=tuple(
            Interface(link_name(spec.eni_id), spec.address, str(spec.subnet), names)
            for spec, names in interfaces
        ),
        uplinks=(INTERNET, ENDPOINT),
        internet=INTERNET,
        endpoint=ENDPOINT,
        resolver=_VPC.resolver,
    )


if __name__ == "__main__":
    raise SystemExit(main())
