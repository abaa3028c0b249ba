"""Run the command `drydock` in a folder of its own, as a user does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

BIN = Path(sys.executable).parent
SETTINGS = """
[images."tasklist:*"]
entrypoint = ["{bin}/tasklist"]
command = ["serve"]
working_dir = "{folder}"
"""


@dataclass
class Drydock:
    """A working folder with a drydock.toml, in which commands run."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def prepare(cls, folder: Path) -> Drydock:
        (folder / "drydock.toml").write_text(SETTINGS.format(bin=BIN, folder=folder))
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AWS_", "TF_VAR_")) and key != "TARGET"
        }
        return cls(folder, kept)

    def __call__(
        self, *words: str, env: dict[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [str(BIN / "drydock"), *words],
            cwd=self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def interrupted_at(self, *words: str, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command and press Ctrl-C once it has printed `line` (on stderr)."""
        process = subprocess.Popen(
            [str(BIN / "drydock"), *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            said = ""
            assert process.stderr is not None
            for one in process.stderr:
                said += one
                if line in one:
                    process.send_signal(signal.SIGINT)
                    break
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, said + err)

    def client(self, service: str) -> Any:
        """Return a boto3 client of the folder's region, typed by the caller's annotation."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.status()["endpoint"],
            region_name="ap-southeast-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    def status(self) -> dict[str, Any]:
        done = self("status", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def fetch(url: str, body: Any = None) -> Any:
    """Send a GET, or a POST of a JSON body; return the JSON answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)
