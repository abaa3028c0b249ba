"""Folders that programs made are removed, whatever they did to them."""

from __future__ import annotations

from pathlib import Path

from drydock.paths import remove_tree


def test_locked_folders_are_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "kept").mkdir(parents=True)
    outside.chmod(0o755)
    folder = tmp_path / "folder"
    (folder / "locked/deeper/still").mkdir(parents=True)
    (folder / "locked/deeper/file").touch()
    (folder / "link").symlink_to(outside)
    for one in ("locked/deeper/still", "locked/deeper", "locked"):
        (folder / one).chmod(0)
    assert remove_tree(folder) == []
    assert not folder.exists()
    assert (outside / "kept").exists()
    assert outside.stat().st_mode & 0o777 == 0o755
    assert remove_tree(folder) == []
