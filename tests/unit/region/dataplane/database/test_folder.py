"""A server's folder: private, whole, and used by one at a time."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import folder as folders
from drydock.region.dataplane.database.folder import ServerFolder, destroy, write_private


@pytest.fixture
def folder(tmp_path: Path) -> ServerFolder:
    folder = ServerFolder(tmp_path / "databases" / "db")
    folder.create()
    return folder


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_password_is_made_once_and_for_the_owner_alone(folder: ServerFolder) -> None:
    with pytest.raises(DatabaseFailed, match="not in its folder"):
        folder.password()
    folder.ensure_password()
    password = folder.password()
    assert len(password) == 32
    folder.ensure_password()
    assert folder.password() == password
    assert _mode(folder.password_file) == 0o600
    assert _mode(folder.path) == 0o700


def test_a_private_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(file, "new \ud800")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_lock_is_held_by_one(folder: ServerFolder) -> None:
    with (
        folder.locked(),
        pytest.raises(DatabaseFailed, match="another server"),
        folder.locked(timeout=0.05),
    ):
        pass
    with folder.locked(timeout=0.05):
        pass


def test_who_inherits_the_lock_keeps_it(folder: ServerFolder) -> None:
    with folder.locked() as lock:
        child = subprocess.Popen(["sleep", "60"], stdin=lock)
    try:
        with pytest.raises(DatabaseFailed), folder.locked(timeout=0.05):
            pass
    finally:
        child.kill()
        child.wait(10)
    with folder.locked(timeout=5):
        pass


def test_the_major_is_read_from_the_data(folder: ServerFolder) -> None:
    assert ServerFolder(folder.path).major is None
    folder.data.mkdir()
    (folder.data / "PG_VERSION").write_text("16\n")
    assert folder.major == 16
    (folder.data / "PG_VERSION").write_text("\n")
    with pytest.raises(DatabaseFailed, match="PG_VERSION"):
        assert folder.major


def test_destroy_leaves_nothing_and_may_be_repeated(folder: ServerFolder) -> None:
    beside = folder.path.with_name("other")
    beside.mkdir()
    left = folder.path.with_name(".gone-older-1")
    left.mkdir()
    folder.data.mkdir()
    (folder.data / "file").touch()
    destroy(folder.path)
    destroy(folder.path)
    assert list(beside.parent.iterdir()) == [beside]


def test_destroy_of_what_never_was(tmp_path: Path) -> None:
    destroy(tmp_path / "no" / "such")
    assert list(tmp_path.iterdir()) == []


def test_destroy_refuses_while_a_server_has_the_data(folder: ServerFolder) -> None:
    with folder.locked(), pytest.raises(DatabaseFailed, match="stop that server"):
        destroy(folder.path, timeout=0.05)
    assert folder.path.exists()


def test_a_long_log_is_put_aside(folder: ServerFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_LOG_LIMIT", 4)
    for text in (b"first", b"second"):
        log = folder.open_log()
        os.write(log, text)
        os.close(log)
    assert folder.log.read_bytes() == b"second"
    assert folder.log.with_suffix(".log.1").read_bytes() == b"first"
    assert _mode(folder.log) == 0o600
