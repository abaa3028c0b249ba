"""Small files of ours that are damaged end nothing: they are made again, or named."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from drydock import saved
from drydock.errors import FileDamaged

DAMAGES = {
    "no JSON": b'{"port": 45',
    "empty": b"",
    "no text": b"\xff\xfe\x00\x80",
    "a list": b"[1, 2]",
    "a number": b"7",
    "too deep": b"[" * 100_000,
}


def damaged(path: Path, how: str) -> Path:
    """A file, or a folder in its place, that is not what Drydock wrote."""
    if how == "a folder":
        path.mkdir()
        (path / "x").touch()
    else:
        path.write_bytes(DAMAGES[how])
    return path


@pytest.mark.parametrize("how", [*DAMAGES, "a folder"])
def test_what_is_damaged_is_named_or_made_again(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = damaged(tmp_path / "some.json", how)
    with pytest.raises(FileDamaged) as caught:
        saved.required(path, "do this")
    assert str(path) in caught.value.subject
    assert caught.value.remedy == "do this"
    with caplog.at_level(logging.WARNING):
        assert saved.remembered(path) == {}
    assert str(path) in caplog.text
    saved.write(path, {"a": 1})
    assert saved.remembered(path) == {"a": 1}


def test_a_file_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    assert saved.required(tmp_path / "none.json", "") is None
    assert saved.remembered(tmp_path / "none.json") == {}


def test_what_is_no_port_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    path.write_text('{"a": 80, "b": "81", "c": 0, "d": 70000, "e": true, "f": null}')
    assert saved.ports(path) == {"a": 80}
