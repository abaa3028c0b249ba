"""Images of a container engine (podman or docker): found, pulled if configured, unpacked once.

The engine only stores images: containers are started by the region, in its own namespaces.
Commands: https://docs.podman.io/en/v4.3/markdown/podman-export.1.html
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drydock.errors import ImageNotFound, SpawnFailed
from drydock.paths import remove_tree
from drydock.region.dataplane import linux
from drydock.region.dataplane.processes.client import Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec

log = logging.getLogger(__name__)

Engine = Callable[[Sequence[str], int, float], tuple[int, str]]
"""Words, a descriptor for the output, seconds at most → exit code and complaints. Raises SpawnFailed."""
ENGINES = ("podman", "docker")
_ASK_SECONDS = 30.0
_PULL_SECONDS = 900.0
_KEPT = 5
"""Images that stay unpacked, the last used ones."""
_ROOT = "root"


@dataclass(frozen=True)
class ContainerImage:
    """An unpacked image. Empty fields are unset in the image."""

    identity: str
    """The engine's id, `sha256:` left out."""
    folder: str
    """Its root file system."""
    digest: str = ""
    """The manifest's digest: `sha256:…`; the engine's id where there is none."""
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    stop_signal: str = ""


def choose_engine(wanted: str) -> str:
    """Return the engine to use: `wanted`, or with "auto" the first on the path; empty: none."""
    if wanted == "none":
        return ""
    names = ENGINES if wanted == "auto" else (wanted,)
    return next((name for name in names if shutil.which(name)), "")


def described(document: Mapping[str, Any], folder: str) -> ContainerImage:
    """Return an image from the output of `image inspect`. Pure."""
    config = document.get("Config") or {}
    pairs = (one.partition("=") for one in config.get("Env") or ())
    return ContainerImage(
        identity=str(document["Id"]).removeprefix("sha256:"),
        folder=folder,
        digest=str(document.get("Digest") or f"sha256:{document['Id'].removeprefix('sha256:')}"),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        working_dir=config.get("WorkingDir") or "",
        environment={name: value for name, _, value in pairs},
        user=config.get("User") or "",
        stop_signal=config.get("StopSignal") or "",
    )


class ImageStore:
    """Unpacked images in one folder of the region's. Thread-safe."""

    def __init__(
        self, name: str, engine: Engine, spawner: Spawner, folder: Path, *, pull: bool
    ) -> None:
        """`name`: "podman" or "docker"; empty: there is none, and no image is found."""
        self.name = name
        self._engine = engine
        self._spawner = spawner
        self._folder = folder
        self._pull = pull
        self._lock = threading.Lock()
        """Held while an image is unpacked: two at once would be slower."""

    def find(self, reference: str) -> ContainerImage:
        """Return the image, ready to be run. Raises ImageNotFound, SpawnFailed."""
        if not self.name:
            raise ImageNotFound(
                reference,
                "there is no container engine on this machine",
                "install podman or docker",
            )
        document = self._inspect(reference)
        identity = str(document["Id"]).removeprefix("sha256:")
        place = self._folder / identity
        with self._lock:
            if not place.exists():
                self._unpack(identity, place)
            os.utime(place)
        return described(document, str(place / _ROOT))

    def prune(self) -> None:
        """Remove images that were not used lately. Nothing runs yet."""
        if not self._folder.exists():
            return
        known = sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        whole = [one for one in known if not one.name.startswith(".")]
        for one in [one for one in known if one not in whole[:_KEPT]]:
            remove_tree(one)

    def _inspect(self, reference: str) -> dict[str, Any]:
        code, said, output = self._ask("image", "inspect", reference)
        if code != 0 and self._pull:
            log.info("pulling an image", extra={"image": reference, "engine": self.name})
            code, said, _ = self._ask("pull", reference, seconds=_PULL_SECONDS)
            if code == 0:
                code, said, output = self._ask("image", "inspect", reference)
        if code != 0:
            remedy = f"{self.name} pull {reference}, or build it"
            raise ImageNotFound(reference, f"{self.name}: {_last_line(said)}", remedy)
        found: dict[str, Any] = json.loads(output)[0]
        return found

    def _ask(self, *words: str, seconds: float = _ASK_SECONDS) -> tuple[int, str, bytes]:
        with tempfile.TemporaryFile() as output:
            code, said = self._engine([self.name, *words], output.fileno(), seconds)
            output.seek(0)
            return code, said, output.read()

    def _unpack(self, identity: str, place: Path) -> None:
        """Unpack through a container that is never started, since engines can export only
        containers.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        code, said, output = self._ask("create", "--pull", "never", identity, "unpack")
        if code != 0:
            raise ImageNotFound(identity, f"{self.name}: {_last_line(said)}", "see what it says")
        container = output.decode().split()[-1]
        making = Path(tempfile.mkdtemp(prefix=".", dir=self._folder))
        try:
            (making / _ROOT).mkdir(mode=0o755)
            self._export(container, making / _ROOT)
            making.rename(place)
        finally:
            self._ask("rm", "--force", container)
            remove_tree(making)
        log.info("unpacked an image", extra={"folder": str(place)})

    def _export(self, container: str, folder: Path) -> None:
        """Export with the engine, unpack with tar. Devices in images are left out."""
        words = ["tar", "-x", "-p", "--numeric-owner", "--exclude=dev/*", "-C", str(folder)]
        if linux.has_one_user():
            words.insert(2, "--no-same-owner")
        reader, writer = os.pipe2(os.O_CLOEXEC)
        with tempfile.TemporaryFile() as complaints:
            try:
                path = {"PATH": os.environ.get("PATH", os.defpath)}
                spec = ProcessSpec(
                    argv=words,
                    env=path,
                    stdin=reader,
                    stderr=complaints.fileno(),
                    own_pids=False,
                    keep_capabilities=True,
                )
                tar = self._spawner.spawn(spec)
                os.close(reader)
                reader = -1
                code, said = self._engine([self.name, "export", container], writer, _PULL_SECONDS)
            finally:
                os.close(writer)
                if reader >= 0:
                    os.close(reader)
            unpacked = tar.wait(60)
            if unpacked is None:
                tar.kill()
            complaints.seek(0)
            words_of_tar = complaints.read(4096).decode("utf-8", "replace")
        if code != 0 or unpacked != 0:
            cause = _last_line(said if code != 0 else words_of_tar)
            raise SpawnFailed(f"the image of {container[:12]}", f"it cannot be unpacked: {cause}")


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
