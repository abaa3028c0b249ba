"""The sample application as a real process, with HTTP requests to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

START_SECONDS = 20.0
COMMAND = [sys.executable, "-m", "tasklist"]


def run_tasklist(
    *arguments: str, env: Mapping[str, str], cwd: Path, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command of the application to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=clean_environment(env),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without our settings, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VTT_")}
    return kept | dict(extra)


class Tasklist:
    """`tasklist serve` on a free port. `url` is the address from its log."""

    def __init__(self, env: Mapping[str, str], cwd: Path) -> None:
        self.started = time.monotonic()
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._stderr = cwd / "stderr"
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*COMMAND, "serve"],
                env=clean_environment({"VTT_LISTENPORT": "0", **env}),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = str(self.wait_for_event("listening")["address"])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the events that were logged so far under this name."""
        with self._changed:
            return [e for e in map(json.loads, self.lines) if e["event"] == name]

    def wait_for_event(self, name: str, **fields: object) -> dict[str, Any]:
        """Wait for the first event of this name with these fields, and return it."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [
                e
                for e in map(json.loads, self.lines)
                if e["event"] == name and fields.items() <= e.items()
            ]
            return bool(found) or self.process.poll() is not None

        with self._changed:
            in_time = self._changed.wait_for(there, START_SECONDS)
        assert in_time, f"no event {name} {fields} within {START_SECONDS} s: {self.lines}"
        assert found, f"exit code {self.process.returncode}: {self.stderr}"
        return found[0]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code. SIGKILL after 20 s."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(20)
        finally:
            self._reader.join(5)
            assert self.process.stdout is not None
            self.process.stdout.close()

    def __enter__(self) -> Tasklist:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
