"""A container engine with its own storage, so that the user's is not touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "CONTAINERS_STORAGE_CONF"
PEOPLE = "root:x:0:0:root:/root:/bin/sh\napp:x:1001:1002::/home/app:/bin/sh\n"
TEAMS = "root:x:0:\napp:x:1002:\nextra:x:1003:app\n"


@dataclass
class Engine:
    """podman with a storage folder of its own."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        return {VARIABLE: str(self.folder / "storage.conf")}

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            ["podman", *words],
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def take(self, root: Path, name: str, *changes: str) -> None:
        """Import a root file system as an image, with Dockerfile instructions as `changes`."""
        archive = self.folder / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".", filter=_of_root)
        said = [word for change in changes for word in ("--change", change)]
        self("import", *said, str(archive), name)
        archive.unlink()


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Provide podman, or skip the test with the reason. Regions started within the block use it."""
    if reason := missing():
        pytest.skip(reason)
    # vfs works everywhere, where other drivers need kernel features
    places = f'graphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\n{places}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "storage.conf"))
        for name in ("HOME", "XDG_RUNTIME_DIR"):
            if name not in os.environ:
                (folder / name).mkdir(mode=0o700)
                patch.setenv(name, str(folder / name))
        made = Engine(folder)
        yield made
        if os.geteuid() != 0:
            made("system", "migrate")  # an ordinary user's podman leaves a process behind otherwise


def missing() -> str:
    """Return why this machine has no engine or no image; empty if it has both."""
    if shutil.which("podman") is None:
        return "podman is not on this machine"
    found = shutil.which("busybox")
    if found is None or "statically" not in _kind(found):
        return "a static busybox is not on this machine (busybox-static)"
    return ""


def busybox(folder: Path) -> Path:
    """Create a small root file system: busybox, two users, and traps such as links out of the image."""
    for name in ("bin", "etc", "home/app", "usr", "opt"):
        (folder / name).mkdir(parents=True)
    shutil.copy(str(shutil.which("busybox")), folder / "bin/busybox")
    for name in (
        "sh",
        "id",
        "cat",
        "sleep",
        "ls",
        "env",
        "touch",
        "ip",
        "stat",
        "grep",
        "mount",
        "dd",
    ):
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc/passwd").write_text(PEOPLE)
    (folder / "etc/group").write_text(TEAMS)
    (folder / "opt/out").symlink_to(folder / "outside")
    (folder / "etc/resolv.conf").symlink_to(folder / "outside/resolv.conf")
    return folder


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    return entry


def _kind(program: str) -> str:
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return "statically" if "not a dynamic" in done.stdout + done.stderr else ""
