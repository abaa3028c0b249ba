"""Compose a container's command: the image's, overridden by the definition's, then by the task's.

Pure. https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
"""

from __future__ import annotations

import grp
import pwd
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drydock.errors import ImageNotFound, SpawnFailed
from drydock.region.dataplane.processes.protocol import ImageRoot, OwnRoot
from drydock.region.dataplane.runtime import visible
from drydock.region.dataplane.runtime.images import ContainerImage
from drydock.region.dataplane.runtime.view import View
from drydock.region.dataplane.runtime.visible import Entry, Surroundings

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PRIVATE = ("/tmp", "/var/tmp", "/run", "/dev/shm")  # noqa: S108
"""Folders of a task's own."""
_LAST_ID = 2**32 - 2
"""The kernel's limit; the number after it is reserved."""


@dataclass(frozen=True)
class ProcessImage:
    """An image that is a program of this machine."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    name: str = ""
    """The name of its [images] entry."""
    read: Sequence[str] = ()
    """Paths that its tasks may read besides what they need to run, and paths they may write."""
    write: Sequence[str] = ()
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def search(self) -> str:
        """The PATH in which its programs are found."""
        return self.environment.get("PATH", DEFAULT_PATH)

    def view(self) -> View:
        """Return the part of this machine that its tasks see. Raises SpawnFailed."""
        entry = Entry(
            name=self.name,
            words=(*self.entrypoint, *self.command),
            working_dir=self.working_dir,
            environment=self.environment,
            read=self.read,
            write=self.write,
        )
        return visible.view(entry, self.around, self.search)


@dataclass(frozen=True)
class ContainerRequest:
    """The settings of a container definition and the task's overrides. None: the image's own."""

    name: str
    image: str
    entrypoint: Sequence[str] | None = None
    command: Sequence[str] | None = None
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    mounts: Sequence[tuple[str, str, bool]] = ()
    """A folder of this machine, where the container sees it, whether read-only."""
    limits: Sequence[tuple[str, int, int]] = ()
    """Resource limits: name, soft, hard."""
    read_only_root: bool = False
    dropped: Sequence[str] = ()
    """Only an image of a container engine has capabilities to lose."""


@dataclass(frozen=True)
class Sandbox:
    """The environment of a container: its task's network namespace and name resolution."""

    netns: int
    resolv_conf: str
    environment: Mapping[str, str]
    """The defaults of every container of the task."""
    layer: str = ""
    """An empty folder of the container's, for what it writes."""
    hostname: str = ""
    """The task's, and a file for /etc/hosts that has it: for an image with a root of its own."""
    hosts: str = ""
    own_names: bool = False
    """Whether programs of this machine see that file, too."""
    groups: Sequence[str] = ()
    """Control groups to be born in."""


@dataclass(frozen=True)
class Command:
    """The program to execute, with its environment."""

    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    uid: int | None
    gid: int | None
    image: ImageRoot | None = None
    """Its own root; then its user is from there, too."""
    own_root: OwnRoot | None = None
    """The part of this machine that it sees, if it is a program of it."""
    stop_signal: int = signal.SIGTERM


def compose_in_image(request: ContainerRequest, image: ContainerImage, place: Sandbox) -> Command:
    """Compose the command for an image of a container engine; see `compose`.

    Raises ImageNotFound when there is no command, SpawnFailed for an invalid stop signal.
    """
    argv = _argv(request, image, f"rebuild {request.image} with an ENTRYPOINT or a CMD")
    own = {"HOSTNAME": place.hostname} if place.hostname else {}
    base = {"PATH": DEFAULT_PATH, **own, **place.environment}
    environment = {**base, **image.environment, **request.environment}
    return Command(
        argv,
        request.working_dir or image.working_dir or "/",
        environment,
        uid=None,
        gid=None,
        image=ImageRoot(
            image.folder,
            place.layer,
            request.user or image.user,
            read_only=request.read_only_root,
            hostname=place.hostname,
            dropped=tuple(request.dropped),
        ),
        stop_signal=_signal(image.stop_signal),
    )


def _signal(words: str) -> int:
    """Parse a signal: `SIGINT`, `INT` or `2`; empty: SIGTERM."""
    if not words:
        return signal.SIGTERM
    if words.isdecimal() and int(words) in set(signal.valid_signals()):
        return int(words)
    try:
        return signal.Signals[f"SIG{words.upper().removeprefix('SIG')}"]
    except KeyError:
        raise SpawnFailed("the image", f"its stop signal {words} is none of this machine") from None


def compose(
    request: ContainerRequest, image: ProcessImage, base: Mapping[str, str], layer: str
) -> Command:
    """Compose the command of an image and a request.

    `base` is the environment that both may override, `layer` an empty folder. Raises ImageNotFound
    when there is no command, SpawnFailed for a user that is unknown here, for a folder that does
    not exist or that the task does not see.
    """
    argv = _argv(request, image, "give the [images] entry an entrypoint or a command")
    user = _user(request.user or image.user, request.name)
    cwd = request.working_dir or image.working_dir or "/"
    view = image.view()
    home = "/root" if user.uid is None else f"/home/{user.name or user.uid}"
    if not _has(view, cwd, (*_PRIVATE, home), [target for _, target, _ in request.mounts]):
        raise _no_folder(request, image, cwd)
    environment = {
        "PATH": DEFAULT_PATH,
        "HOME": home,
        **base,
        **image.environment,
        **request.environment,
    }
    root = OwnRoot(
        layer,
        home,
        view.pruned(),
        sorted(view.links.items()),
        _people(user, home),
        read_only=request.read_only_root,
    )
    return Command(argv, cwd, environment, user.uid, user.gid, own_root=root)


def _has(view: View, cwd: str, own: Sequence[str], volumes: Sequence[str]) -> bool:
    """Return whether the task has a working folder: among what it sees, or its own."""
    above_one = any(path.startswith(f"{cwd.rstrip('/')}/") for path in view.paths)
    in_volume = any(Path(cwd).is_relative_to(one) for one in volumes)
    return cwd in own or above_one or in_volume or view.sees(cwd)


def _no_folder(request: ContainerRequest, image: ProcessImage, cwd: str) -> SpawnFailed:
    if Path(cwd).is_dir():
        return SpawnFailed(
            f"container {request.name}",
            f"its working directory {cwd} is on this machine, but its task does not see it",
            visible.remedy(image.name, cwd),
        )
    return SpawnFailed(
        f"container {request.name}",
        f"its working directory {cwd} is not a folder of this machine",
        "set working_dir in the [images] entry",
    )


def _people(user: _User, home: str) -> dict[str, str]:
    """Return /etc/passwd and /etc/group of a task, without other users of this machine."""
    nobody = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    passwd = f"root:x:0:0:root:/root:/bin/sh\n{nobody}"
    group = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"
    if user.name:
        passwd += f"{user.name}:x:{user.uid}:{user.gid}::{home}:/bin/sh\n"
        group += f"{user.group or user.name}:x:{user.gid}:\n"
    return {"/etc/passwd": passwd, "/etc/group": group}


def _argv(
    request: ContainerRequest, image: ProcessImage | ContainerImage, remedy: str
) -> tuple[str, ...]:
    if request.entrypoint is not None:
        entrypoint = request.entrypoint
        default_command: tuple[str, ...] = ()  # as in Docker: CMD belongs to ENTRYPOINT
    else:
        entrypoint, default_command = image.entrypoint, tuple(image.command)
    command = tuple(request.command) if request.command is not None else default_command
    argv = (*entrypoint, *command)
    if not argv:
        raise ImageNotFound(
            f"container {request.name}",
            f"neither the image {request.image} nor the container definition says what to run",
            remedy,
        )
    return argv


@dataclass(frozen=True)
class _User:
    """The user of a task. None: the region's own user, which it sees as root."""

    uid: int | None = None
    gid: int | None = None
    name: str = ""
    """The name of the user, or group, on this machine; empty: unknown, or a number was given."""
    group: str = ""


def _user(user: str, container: str) -> _User:
    """Parse `user`, `uid`, with `:group` or `:gid`.

    Root is the region's own user, without capabilities.

    Raises SpawnFailed for an unknown user or one that no user namespace can map.
    """
    name, _, group = user.partition(":")
    if name in ("", "0", "root"):
        return _User()
    if name.isdecimal():
        uid, gid, name = int(name), int(name), ""
    else:
        try:
            entry = pwd.getpwnam(name)
        except KeyError as error:
            raise SpawnFailed(
                f"container {container}",
                f"its user {name} is not known on this machine",
                "give a number, or set user in the [images] entry",
            ) from error
        uid, gid = entry.pw_uid, entry.pw_gid
    if group.isdecimal():
        gid, group = int(group), ""
    elif group:
        try:
            gid = grp.getgrnam(group).gr_gid
        except KeyError as error:
            raise SpawnFailed(
                f"container {container}",
                f"its group {group} is not known on this machine",
                "give a number, or set user in the [images] entry",
            ) from error
    if max(uid, gid) > _LAST_ID:
        raise SpawnFailed(
            f"container {container}",
            f"its user {user} cannot be mapped: ids end at {_LAST_ID}",
            "give a smaller number",
        )
    return _User(uid, gid, name, group)
