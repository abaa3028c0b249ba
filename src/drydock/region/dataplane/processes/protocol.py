"""The messages between the daemon and PID 1 of the region, and the spec of a process to start.

One message is one packet of a SOCK_SEQPACKET pair: JSON, with file descriptors beside it.
"""

from __future__ import annotations

import array
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

MESSAGE_SIZE = 1 << 20
"""The limit of one message in bytes; a task's environment must fit."""
MAX_FDS = 200


@dataclass(frozen=True)
class ImageRoot:
    """The root file system of an image, for a process that sees nothing else of the machine."""

    folder: str
    """Never changed."""
    layer: str
    """An empty folder for what the process writes."""
    user: str = ""
    """In the image's own words: `user`, `uid`, with `:group` or `:gid`; empty: root."""
    read_only: bool = False
    hostname: str = ""
    dropped: Sequence[str] = ()
    """Capabilities to drop from a container's: `NET_RAW`, `ALL`."""


@dataclass(frozen=True)
class OwnRoot:
    """A root made of some of this machine's files, for a process that sees nothing else of it."""

    layer: str
    """An empty folder for what the process writes: its /tmp, /var/tmp, /run and home."""
    home: str
    """Where it sees its home."""
    paths: Sequence[tuple[str, str]]
    """Files and folders of this machine, without a symbolic link in their path, each at the same path:
    `readable`, `writable`, or `hidden`, which is an empty folder to it."""
    links: Sequence[tuple[str, str]] = ()
    """Symbolic links of this machine: path and target."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Files made for it: path and content."""
    read_only: bool = False
    """Whether its own folders are read-only too, except /dev/shm and `writable` paths."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process to be started in the region. Descriptors are the caller's and stay open there."""

    argv: Sequence[str]
    env: Mapping[str, str]
    """The whole environment; nothing is inherited."""
    cwd: str = "/"
    netns: int | None = None
    """Descriptor of the network namespace; None: the region's own."""
    stdin: int | None = None
    stdout: int | None = None
    """Descriptors; None: /dev/null for stdin, the region's log for the others."""
    stderr: int | None = None
    pass_fds: Sequence[int] = ()
    """Descriptors that the process inherits. It sees them as 3, 4, 5 … in this order."""
    resolv_conf: str = ""
    """A file that the process sees as /etc/resolv.conf."""
    hosts: str = ""
    """A file that the process sees as /etc/hosts."""
    uid: int | None = None
    """The user that the process sees itself as, in a user namespace of its own; None: the region's.
    On files it still acts as the user who started the region."""
    gid: int | None = None
    own_pids: bool = True
    """In a PID namespace of its own, as its PID 1: when it ends, its children end with it."""
    keep_capabilities: bool = False
    """Otherwise it has none, and cannot get any."""
    terminal: bool = False
    """`stdin` is a terminal, which becomes the controlling one of a session that the process leads."""
    join: tuple[int, int] | None = None
    """`pid` and `host_pid` of a process of the region whose namespaces it is born into; then `netns`,
    `resolv_conf`, `hosts`, `own_pids`, `mounts` and `own_root` do not count."""
    mounts: Sequence[tuple[str, str, bool]] = ()
    """Folders that it sees elsewhere: source without a symbolic link, target, read-only. A target may be
    a new path. Of a process with a root of its own."""
    own_root: OwnRoot | None = None
    """The part of this machine that it sees, with `own_pids`; None: all of it."""
    limits: Sequence[tuple[str, int, int]] = ()
    """Resource limits: name (`nofile`), soft, hard; -1 is none. One above what this machine allows is
    what it allows."""
    groups: Sequence[str] = ()
    """Control groups that it is in from its first moment: the folder of one of version 2, the `tasks`
    files of some of version 1."""
    image: ImageRoot | None = None
    """Its own root, with `own_pids`; then `cwd`, `mounts` and the user are in it, the root user has a
    container's capabilities, and `uid`, `gid`, `own_root` and `keep_capabilities` do not count. Of a
    process that joins another one, the user alone counts."""


@dataclass(frozen=True)
class Started:
    """A running process: its program has been executed."""

    pid: int
    """In the region's PID namespace."""
    host_pid: int
    """As the host's `ps` shows it."""


@dataclass
class Message:
    """One packet: a verb, its fields, and descriptors."""

    verb: str
    fields: dict[str, Any] = field(default_factory=dict)
    fds: list[int] = field(default_factory=list)

    def send(self, channel: socket.socket) -> None:
        payload = json.dumps({"verb": self.verb, **self.fields}).encode()
        ancillary = []
        if self.fds:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", self.fds))]
        channel.sendmsg([payload], ancillary)

    @classmethod
    def receive(cls, channel: socket.socket) -> Message | None:
        """Return the next message; None when the other side is gone."""
        payload, fds, _flags, _address = socket.recv_fds(channel, MESSAGE_SIZE, MAX_FDS)
        if not payload:
            return None
        fields = json.loads(payload)
        return cls(fields.pop("verb"), fields, list(fds))


_FD_FIELDS = ("netns", "stdin", "stdout", "stderr")


def pack_spec(spec: ProcessSpec) -> tuple[dict[str, Any], list[int]]:
    """Return a spec as JSON fields and the descriptors they point into (by index)."""
    fields = asdict(spec)
    fields["env"] = dict(spec.env)
    fds: list[int] = []
    for name in _FD_FIELDS:
        descriptor = fields[name]
        if descriptor is not None:
            fields[name] = len(fds)
            fds.append(descriptor)
    fields["pass_fds"] = list(range(len(fds), len(fds) + len(spec.pass_fds)))
    fds.extend(spec.pass_fds)
    return fields, fds


def unpack_spec(fields: dict[str, Any], fds: Sequence[int]) -> ProcessSpec:
    """Return the spec of pack_spec, with the descriptors that arrived."""
    fields = dict(fields)
    for name in _FD_FIELDS:
        if fields[name] is not None:
            fields[name] = fds[fields[name]]
    fields["pass_fds"] = [fds[index] for index in fields["pass_fds"]]
    if fields["image"] is not None:
        fields["image"] = ImageRoot(**fields["image"])
    if fields["own_root"] is not None:
        fields["own_root"] = OwnRoot(**fields["own_root"])
    return ProcessSpec(**fields)
