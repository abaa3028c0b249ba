"""What an engine is asked, and what is made of its answers."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import ImageNotFound, SpawnFailed
from drydock.region.dataplane.runtime.command import ContainerRequest, Sandbox, compose_in_image
from drydock.region.dataplane.runtime.images import (
    ContainerImage,
    ImageStore,
    choose_engine,
    described,
)
from tests.support.spawner import LocalSpawner

DOCUMENT: dict[str, Any] = {
    "Id": "sha256:" + "a" * 64,
    "Config": {
        "Env": ["PATH=/app/bin", "EMPTY=", "EQUALS=a=b"],
        "Entrypoint": ["/run"],
        "Cmd": ["serve"],
        "User": "10001",
        "WorkingDir": "/srv",
        "StopSignal": "SIGQUIT",
    },
}


class FakeEngine:
    """An engine with one image, which it may have to pull."""

    def __init__(self, folder: Path, *, here: bool = True) -> None:
        self.asked: list[str] = []
        self.here = here
        self.broken = False
        self._archive = folder / "root.tar"
        (folder / "hello").write_text("hello")
        with tarfile.open(self._archive, "w") as tar:
            for name in ("etc/hello", "dev/null"):
                tar.add(folder / "hello", name)

    def __call__(self, words: Sequence[str], stdout: int, seconds: float) -> tuple[int, str]:
        assert words[0] == "podman"
        assert seconds > 0
        verb = " ".join(word for word in words[1:3] if word.isalpha())
        self.asked.append(verb)
        if verb.startswith("image inspect"):
            if not self.here:
                return 125, "Error: warming up\nError: no such image"
            os.write(stdout, json.dumps([DOCUMENT]).encode())
        elif verb.startswith("pull"):
            self.here = words[2] == "known:1"
            return (0, "") if self.here else (125, "Error: denied")
        elif verb == "create":
            os.write(stdout, b"a warning\nc0ffee\n")
        elif verb.startswith("export"):
            data = self._archive.read_bytes()
            os.write(stdout, data[: 700 if self.broken else None])
        return 0, ""


def store(engine: FakeEngine, folder: Path, *, pull: bool = False) -> ImageStore:
    return ImageStore("podman", engine, LocalSpawner(), folder / "images", pull=pull)


def test_an_image_is_unpacked_once_without_devices(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    images = store(engine, tmp_path)
    found = images.find("known:1")
    assert (Path(found.folder) / "etc/hello").read_text() == "hello"
    assert not (Path(found.folder) / "dev/null").exists()
    assert images.find("known:1") == found
    assert engine.asked.count("create") == 1
    assert engine.asked.count("rm") == 1
    assert [one.name for one in (tmp_path / "images").iterdir()] == ["a" * 64]


def test_what_could_not_be_unpacked_leaves_nothing(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    engine.broken = True
    images = store(engine, tmp_path)
    with pytest.raises(SpawnFailed, match="cannot be unpacked"):
        images.find("known:1")
    assert list((tmp_path / "images").iterdir()) == []
    engine.broken = False
    assert images.find("known:1").identity == "a" * 64


def test_an_image_is_pulled_only_where_that_is_wanted(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path, here=False)
    with pytest.raises(ImageNotFound, match="podman: Error: no such image"):
        store(engine, tmp_path).find("known:1")
    assert not any(one.startswith("pull") for one in engine.asked)
    with pytest.raises(ImageNotFound, match="podman: Error: denied"):
        store(engine, tmp_path, pull=True).find("unknown:1")
    assert store(engine, tmp_path, pull=True).find("known:1").user == "10001"


def test_images_that_were_not_used_lately_go(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    for number in range(7):
        (folder / f"{number}" / "root").mkdir(parents=True)
        os.utime(folder / f"{number}", (number, number))
    (folder / ".half").mkdir()
    store(FakeEngine(tmp_path), tmp_path).prune()
    assert sorted(one.name for one in folder.iterdir()) == ["2", "3", "4", "5", "6"]


def test_what_inspect_says() -> None:
    image = described(DOCUMENT, "/f")
    assert image.environment == {"PATH": "/app/bin", "EMPTY": "", "EQUALS": "a=b"}
    assert (image.entrypoint, image.command) == (("/run",), ("serve",))
    assert image.digest == DOCUMENT["Id"]
    assert described({**DOCUMENT, "Digest": "sha256:d"}, "/f").digest == "sha256:d"
    assert described({"Id": "1", "Config": None}, "/f") == ContainerImage("1", "/f", "sha256:1")


def test_the_command_of_an_image() -> None:
    place = Sandbox(0, "", {"REGION": "x", "EMPTY": "no"}, layer="/l", hostname="h")
    given = ContainerRequest("app", "i", command=["other"], environment={"EQUALS": "mine"})
    command = compose_in_image(given, described(DOCUMENT, "/f"), place)
    assert command.argv == ("/run", "other")
    assert command.cwd == "/srv"
    assert command.environment == {
        "PATH": "/app/bin",
        "HOSTNAME": "h",
        "REGION": "x",
        "EMPTY": "",
        "EQUALS": "mine",
    }
    assert command.image is not None
    assert (command.image.user, command.image.layer) == ("10001", "/l")
    assert command.stop_signal == 3
    own = ContainerRequest("app", "i", entrypoint=["/x"], user="7", working_dir="/w")
    command = compose_in_image(own, described(DOCUMENT, "/f"), place)
    assert (command.argv, command.cwd) == (("/x",), "/w")
    assert command.image is not None
    assert command.image.user == "7"


@pytest.mark.parametrize(
    ("words", "number"), [("", 15), ("INT", 2), ("SIGINT", 2), ("10", 10), ("sigterm", 15)]
)
def test_stop_signals(words: str, number: int) -> None:
    image = ContainerImage("1", "/f", entrypoint=("/x",), stop_signal=words)
    command = compose_in_image(ContainerRequest("app", "i"), image, Sandbox(0, "", {}))
    assert command.stop_signal == number


@pytest.mark.parametrize("words", ["SIGNOTHING", "0", "999"])
def test_a_stop_signal_that_is_none(words: str) -> None:
    image = ContainerImage("1", "/f", entrypoint=("/x",), stop_signal=words)
    with pytest.raises(SpawnFailed, match=words):
        compose_in_image(ContainerRequest("app", "i"), image, Sandbox(0, "", {}))


def test_which_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose_engine("auto") == ""
    for name in ("docker", "podman"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert choose_engine("auto") == name
    assert choose_engine("docker") == "docker"
    assert choose_engine("none") == ""
