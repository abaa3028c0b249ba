"""A region that ran before does not begin anew without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.errors import FileDamaged
from drydock.paths import Workspace
from drydock.region.daemon import damage

ID, OTHER = "0123456789abcdef" * 2, "f" * 32


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path)
    found.create()
    return found


def test_a_first_start_misses_nothing(workspace: Workspace) -> None:
    assert damage.missing_state(workspace, workspace.state) is None
    assert damage.read_identity(workspace) is None


def test_a_state_that_is_there_is_not_missed(workspace: Workspace) -> None:
    damage.write_identity(workspace, ID)
    workspace.state.touch()
    assert damage.missing_state(workspace, workspace.state) is None


def test_a_state_that_is_gone_is_named_with_the_way_out(workspace: Workspace) -> None:
    damage.write_identity(workspace, ID)
    error = damage.missing_state(workspace, workspace.state)
    assert error is not None
    assert str(workspace.state) in error.subject
    assert str(damage.identity_file(workspace)) in error.cause
    assert "drydock down --purge" in error.remedy


def test_a_databases_data_alone_say_that_there_was_a_state(workspace: Workspace) -> None:
    (workspace.databases / "cluster-X" / "data").mkdir(parents=True)
    error = damage.missing_state(workspace, workspace.state)
    assert error is not None
    assert "cluster-X" in error.cause


def test_an_authority_that_is_gone_is_told_unless_there_was_none(workspace: Workspace) -> None:
    assert damage.lost_authority(workspace, known=False) == []
    (words,) = damage.lost_authority(workspace, known=True)
    assert str(workspace.authority) in words
    workspace.authority.mkdir()
    assert damage.lost_authority(workspace, known=True) == []


@pytest.mark.parametrize("text", [b"", b"xyz", b"\xff\x80", None])
def test_an_id_that_is_damaged_is_made_again_by_terraforms_states(
    workspace: Workspace, text: bytes | None
) -> None:
    file = damage.identity_file(workspace)
    if text is None:
        file.mkdir()
    else:
        file.write_bytes(text)
    assert damage.read_identity(workspace) is None
    (workspace.terraform / "local" / "infra-1" / f"state-{ID}").mkdir(parents=True)
    assert damage.read_identity(workspace) == ID
    assert file.read_text() == ID


def test_an_id_that_could_be_several_is_asked_for(workspace: Workspace) -> None:
    for one in (ID, OTHER):
        (workspace.terraform / "local" / "infra-1" / f"state-{one}").mkdir(parents=True)
    with pytest.raises(FileDamaged, match="write the right one") as caught:
        damage.read_identity(workspace)
    assert ID in caught.value.remedy
    assert str(damage.identity_file(workspace)) in caught.value.subject
