"""Resource limits within what a machine allows."""

from __future__ import annotations

import resource

import pytest

from drydock.region.dataplane.processes import limits


@pytest.mark.parametrize(
    ("asked", "allowed", "given"),
    [
        ((10, 20), 30, (10, 20)),
        ((10, 40), 30, (10, 30)),
        ((40, 50), 30, (30, 30)),
        ((-1, -1), 30, (30, 30)),
        ((10, -1), 30, (10, 30)),
        ((10, 40), -1, (10, 40)),
        ((-1, -1), -1, (-1, -1)),
    ],
)
def test_a_limit_is_no_higher_than_the_machines(
    asked: tuple[int, int], allowed: int, given: tuple[int, int]
) -> None:
    assert limits.within(*asked, allowed) == given


def test_what_is_lowered_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _number: (1024, 4096))
    assert limits.lowered([("nofile", 10, 4096), ("core", 0, 0)]) == []
    (words,) = limits.lowered([("nofile", 65536, 65536)])
    assert words == "ulimit nofile=65536:65536: this machine allows 4096 at most"
