"""Network namespaces held as descriptors, and the one thread that configures them.

Nothing is in /run/netns: a namespace disappears with its descriptors and processes.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeVar

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from drydock.errors import NetworkFailed, ProgramMissing
from drydock.region.dataplane import linux

T = TypeVar("T")


class NetworkThread:
    """One long-lived thread for everything that enters a namespace to configure it.

    pyroute2's sockets and a thread's namespace are bound to the thread, so there is only one.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="network")

    def run(self, what: str, function: Callable[[], T]) -> T:
        """Run a function on the thread; return its result. Raises NetworkFailed naming `what`."""
        try:
            return self._executor.submit(function).result()
        except (NetlinkError, OSError) as error:
            words = error.args[1] if isinstance(error, NetlinkError) else error.strerror
            raise NetworkFailed(what, str(words or error), "read the region's log") from error

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)


class Namespace:
    """A network namespace. Its methods run on the network thread, except `listen` and `close`."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._netlink: IPRoute | None = None

    @classmethod
    def of_this_thread(cls) -> Namespace:
        return cls(linux.network_namespace())

    @classmethod
    def create(cls) -> Namespace:
        """Return a new, empty namespace; the calling thread stays where it is."""
        home = linux.network_namespace()
        try:
            linux.unshare(linux.CLONE_NEWNET)
            try:
                return cls(linux.network_namespace())
            finally:
                linux.setns(home, linux.CLONE_NEWNET)
        finally:
            os.close(home)

    def close(self) -> None:
        if self._netlink is not None:
            self._netlink.close()
        os.close(self.descriptor)

    @property
    def netlink(self) -> IPRoute:
        """A netlink socket that stays open, for namespaces that are configured repeatedly."""
        if self._netlink is None:
            with linux.in_network_namespace(self.descriptor):
                self._netlink = IPRoute()
        return self._netlink

    def configure(self, function: Callable[[IPRoute], None]) -> None:
        """Configure it by a function, over a netlink socket that is closed again (memory)."""
        with linux.in_network_namespace(self.descriptor), IPRoute() as netlink:
            function(netlink)

    def sysctl(self, name: str, value: str) -> None:
        """Set a sysctl below net., `ipv4/ip_forward` say."""
        with linux.in_network_namespace(self.descriptor):
            (Path("/proc/sys/net") / name).write_text(value)

    def nft(self, rules: str) -> None:
        """Load a ruleset in one transaction.

        Raises ProgramMissing, NetworkFailed with nft's message.
        """
        with linux.in_network_namespace(self.descriptor):
            try:
                done = subprocess.run(
                    ["nft", "-f", "-"], input=rules, text=True, capture_output=True, check=False
                )
            except FileNotFoundError as error:
                raise ProgramMissing(
                    "nft", "it is not on this machine", "apt-get install nftables"
                ) from error
        if done.returncode != 0:
            raise NetworkFailed("nft refused a ruleset", done.stderr.strip())

    def listen(
        self, address: IPv4Address, port: int, kind: int = socket.SOCK_STREAM, link: str = ""
    ) -> socket.socket:
        """Return a bound socket inside; a TCP socket listens. Works from any thread.

        Raises OSError.

        With `link`, it gets only what comes in over that link, and others may bind the same port.
        """
        with linux.in_network_namespace(self.descriptor):
            bound = socket.socket(socket.AF_INET, kind)
        try:
            if link:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((str(address), port))
            if kind == socket.SOCK_STREAM:
                bound.listen(1024)
        except OSError:
            bound.close()
            raise
        return bound


def link_index(netlink: IPRoute, name: str) -> int:
    """Return the index of a link. Raises OSError (ENODEV) if there is none of that name."""
    found: list[Any] = list(netlink.link_lookup(ifname=name))
    if not found:
        raise OSError(errno.ENODEV, f"no link {name}")
    return int(found[0])
