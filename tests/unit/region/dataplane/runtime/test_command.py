"""What a container runs: image, definition and overrides put together as container engines do."""

from __future__ import annotations

import pytest

from drydock.errors import ImageNotFound, SpawnFailed
from drydock.region.dataplane.runtime.command import ContainerRequest, ProcessImage, compose

IMAGE = ProcessImage(
    entrypoint=("tasklist",), command=("serve",), working_dir="/tmp", environment={"A": "image"}
)


def request(**fields: object) -> ContainerRequest:
    return ContainerRequest(name="app", image="x:1", **fields)  # type: ignore[arg-type]


def test_the_image_alone() -> None:
    command = compose(request(), IMAGE, {"A": "base", "B": "base"}, "/layer")
    assert command.argv == ("tasklist", "serve")
    assert command.cwd == "/tmp"
    assert command.environment["A"] == "image"
    assert command.environment["B"] == "base"
    assert "PATH" in command.environment
    assert command.uid is None


def test_a_command_replaces_the_images() -> None:
    assert compose(request(command=("updatedb", "-s")), IMAGE, {}, "/layer").argv == (
        "tasklist",
        "updatedb",
        "-s",
    )


def test_an_entry_point_makes_the_images_command_void() -> None:
    assert compose(request(entrypoint=("sh",)), IMAGE, {}, "/layer").argv == ("sh",)
    assert compose(request(entrypoint=("sh",), command=("-c",)), IMAGE, {}, "/layer").argv == (
        "sh",
        "-c",
    )


def test_the_definition_wins_over_the_image() -> None:
    command = compose(
        request(environment={"A": "own"}, working_dir="/", user="1000:2000"), IMAGE, {}, "/layer"
    )
    assert command.environment["A"] == "own"
    assert (command.cwd, command.uid, command.gid) == ("/", 1000, 2000)


def test_root_is_the_regions_own_user() -> None:
    for name in ("", "0", "root", "root:root", "0:0"):
        assert compose(request(user=name), IMAGE, {}, "/layer").uid is None


def test_nothing_to_run() -> None:
    with pytest.raises(ImageNotFound, match="says what to run"):
        compose(request(), ProcessImage(), {}, "/layer")


def test_an_unknown_user_and_a_missing_folder_are_refused_by_name() -> None:
    with pytest.raises(SpawnFailed, match="no-such-user"):
        compose(request(user="no-such-user"), IMAGE, {}, "/layer")
    with pytest.raises(SpawnFailed, match="/no/such/folder"):
        compose(request(working_dir="/no/such/folder"), IMAGE, {}, "/layer")
