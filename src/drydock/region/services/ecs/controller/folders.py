"""A task's ephemeral folders, made at its start and removed at its end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from drydock.paths import remove_tree

log = logging.getLogger(__name__)


class TaskFolders:
    """One folder a task below `root`, private to the region's user. Thread-safe."""

    def __init__(self, root: Path) -> None:
        """Remove what a killed region left behind."""
        self._root = root.resolve()
        _remove(self._root)

    def volumes(self, task_id: str, names: Iterable[str]) -> dict[str, str]:
        """Return the folder of each volume, the same for all containers of a task."""
        return {name: self._folder(task_id, "volumes", name, mode=0o755) for name in names}

    def stage(self, task_id: str) -> str:
        """Make an empty folder for a task."""
        return self._folder(task_id, "stage")

    def layer(self, task_id: str, container: str) -> str:
        """Make an empty folder for what a container writes over its image's root."""
        return self._folder(task_id, "layers", container)

    def file(self, task_id: str, name: str, text: str) -> str:
        """Write a file that a task's containers may read; return its path."""
        path = Path(self._folder(task_id)) / name
        if not path.exists():
            path.write_text(text)
            path.chmod(0o644)
        return str(path)

    def remove(self, task_id: str) -> None:
        """Remove a task's folders. Idempotent."""
        _remove(self._root / task_id)

    def clear(self) -> None:
        """Remove the folders of all tasks."""
        _remove(self._root)

    def _folder(self, *parts: str, mode: int = 0o700) -> str:
        path = self._root.joinpath(*parts)
        self._root.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return str(path)


def _remove(folder: Path) -> None:
    if folder.exists() and (left := remove_tree(folder)):
        log.warning("folders of a task stay", extra={"paths": left[:5]})
