"""placeholder by the lead until the real one lands (not committed)"""

from pathlib import Path

from drydock.region.api.store import Store


class Saver:
    def __init__(self, store: Store, path: Path) -> None: ...
    def start(self) -> None: ...
    def close(self) -> None: ...


def restore(store: Store, path: Path) -> None: ...
