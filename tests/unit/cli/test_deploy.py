"""`drydock deploy` says at once what makes no sense."""

from __future__ import annotations

from .conftest import Run


def test_a_container_without_an_image_is_wrong_usage(run: Run) -> None:
    ended = run("deploy", "--container", "app")
    assert ended.code == 2
    assert "--container app" in ended.err
