"""EFS volumes of tasks: a local folder per file system, once its mount target is reachable.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html; error messages are
from https://repost.aws/knowledge-center/fargate-unable-to-mount-efs
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from drydock.paths import remove_tree
from drydock.region.dataplane.network.probing import probe
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

Json = Mapping[str, Any]

PORT = 2049
"""The port of NFS."""
_ATTEMPTS = 3
"""Attempts to connect, as EFS's own helper makes."""
_SECONDS = 2.0
"""Seconds of one attempt: a dropped packet gets no answer; AWS waits for minutes."""


class CannotMountError(Exception):
    """The stoppedReason of a task whose EFS volume cannot be mounted."""

    def __init__(self, words: str) -> None:
        super().__init__(
            "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: "
            f"stderr: {words}: unsuccessful EFS utils command execution; code: 1"
        )


@dataclass(frozen=True)
class _Found:
    """The API records that a volume needs."""

    address: IPv4Address | None
    """The address of the mount target in the task's zone."""
    path: str
    permissions: int | None
    """The permissions of a folder that is made if missing; None: it must exist."""


class FileSystems:
    """The folders of file systems; they last as long as their file systems. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._root = parts.workspace.region / "efs"
        self._lock = threading.Lock()
        self._mounted: dict[str, dict[str, str]] = {}

    def mount(self, task: Task, volumes: Sequence[Json]) -> None:
        """Find the folders of a task's EFS volumes; idempotent. Raises CannotMountError."""
        wanted = [one for one in volumes if one.get("efsVolumeConfiguration")]
        if not wanted:
            return
        self._sweep()
        found = {
            str(one["name"]): self._folder(task, one["efsVolumeConfiguration"]) for one in wanted
        }
        with self._lock:
            self._mounted[task.id] = found

    def folders(self, task_id: str) -> dict[str, str]:
        """Return the folder of each of a task's EFS volumes, by volume name."""
        with self._lock:
            return dict(self._mounted.get(task_id, {}))

    def forget(self, task_id: str) -> None:
        """Forget an ended task's mounts; its files stay. Idempotent."""
        with self._lock:
            self._mounted.pop(task_id, None)

    def _folder(self, task: Task, settings: Json) -> str:
        identity = str(settings["fileSystemId"])
        found = self._find(task, identity, settings)
        self._reach(task, identity, found.address)
        root = self._root / identity
        with self._lock:
            root.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._root.chmod(0o700)
            # a link that a task made must not lead out
            place = Path(os.path.realpath(root / found.path.strip("/")))
            if place != root.resolve() and root.resolve() not in place.parents:
                raise CannotMountError(f"b'mount.nfs4: mounting {found.path} failed'")
            if not place.is_dir():
                if found.permissions is None:
                    raise CannotMountError(
                        f"b'mount.nfs4: mounting {identity}:{found.path} failed, reason given by "
                        "server: No such file or directory'"
                    )
                try:
                    place.mkdir(parents=True)
                    place.chmod(found.permissions)
                except OSError as error:
                    raise CannotMountError(
                        f"b'mount.nfs4: mounting {identity}:{found.path} failed, reason given by "
                        f"server: {error.strerror}'"
                    ) from error
        return str(place)

    def _find(self, task: Task, identity: str, settings: Json) -> _Found:
        point_id = (settings.get("authorizationConfig") or {}).get("accessPointId")
        with self._store.locked():
            efs = self._store.backend("efs")
            known = efs.file_systems_by_id.get(identity)
            targets = list(known.iter_mount_targets()) if known is not None else []
            address = next(
                (
                    IPv4Address(one.ip_address)
                    for one in targets
                    if one.availability_zone_name == task.availability_zone
                    and one.vpc_id == self._vpc(task)
                ),
                None,
            )
            if not point_id:
                return _Found(address, str(settings.get("rootDirectory") or "/"), None)
            point = efs.access_points.get(str(point_id))
            if point is None or point.file_system_id != identity:
                raise CannotMountError(
                    f"b'mount.nfs4: access denied by server while mounting {identity}: the access "
                    f"point {point_id} is not there'"
                )
            wanted = point.root_directory or {}
            rights = (wanted.get("CreationInfo") or {}).get("Permissions")
            path = str(wanted.get("Path") or "/")
            return _Found(address, path, int(str(rights), 8) if rights else None)

    def _vpc(self, task: Task) -> str:
        return self._parts.fabric.enis()[str(task.eni_id)].vpc_id

    def _reach(self, task: Task, identity: str, address: IPv4Address | None) -> None:
        name = f"{identity}.efs.{self._parts.config.region.name}.amazonaws.com"
        if address is None or not self._parts.resolvers.answers(self._vpc(task)):
            raise CannotMountError(
                f'Failed to resolve "{name}" - check that your file system ID is correct, and ensure '
                "that the VPC has an EFS mount target for this file system ID in "
                f"{task.availability_zone}"
            )
        namespace = self._parts.fabric.namespace(str(task.eni_id))
        for _ in range(_ATTEMPTS):
            seen = probe(namespace, address, PORT, _SECONDS)
            if seen.reachable:
                return
        raise CannotMountError(
            f"b'mount.nfs4: {seen.words}': {address}:{PORT} of {identity} ({_ATTEMPTS} attempts): its "
            "security group must let the task in"
        )

    def _sweep(self) -> None:
        """Remove the folders of file systems that were deleted."""
        with self._store.locked():
            known = set(self._store.backend("efs").file_systems_by_id)
        with self._lock:
            if self._root.is_dir():
                for folder in self._root.iterdir():
                    if folder.name not in known and (left := remove_tree(folder)):
                        log.warning("files of a file system stay", extra={"paths": left[:5]})
