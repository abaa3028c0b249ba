"""What the benchmarks share: a sample region, a load, a table."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_REQUESTS = re.compile(r"(\d+) requests in")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)\b")
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")


def drydock(folder: Path, *arguments: str) -> str:
    """Run a command in a working folder → its output; its messages go to the terminal."""
    done = subprocess.run(
        [str(BIN / "drydock"), *arguments],
        cwd=folder,
        check=False,
        text=True,
        capture_output=True,
        env={key: value for key, value in os.environ.items() if key != "TARGET"},
    )
    if done.returncode != 0:
        raise SystemExit(f"drydock {' '.join(arguments)}: {done.stderr}\n{done.stdout}")
    return done.stdout


@contextmanager
def working_folder() -> Iterator[Path]:
    """A new folder with this project's images and stack; the region in it is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-bench-"))
    text = (ROOT / "drydock.toml").read_text().replace('".venv/bin/', f'"{BIN}/')
    (folder / "drydock.toml").write_text(text)
    try:
        yield folder
    finally:
        drydock(folder, "down")
        shutil.rmtree(folder)


def client(folder: Path, service: str) -> Any:
    """A boto3 client of the region in a working folder."""
    status = json.loads(drydock(folder, "status", "--json"))
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=status["endpoint"],
        region_name="ap-southeast-2",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def quick_site(folder: Path) -> None:
    """`up --quick`, whose service keeps its number of tasks whatever the load."""
    drydock(folder, "up", "--quick")
    scaling = client(folder, "application-autoscaling")
    for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=target["ResourceId"],
            ScalableDimension=target["ScalableDimension"],
            SuspendedState={
                "DynamicScalingInSuspended": True,
                "DynamicScalingOutSuspended": True,
                "ScheduledScalingSuspended": True,
            },
        )


def url_of(folder: Path) -> str:
    """The URL that `drydock status` prints."""
    found: str = json.loads(drydock(folder, "status", "--json"))["urls"][0]["url"]
    return found


def wait_for(url: str, seconds: float = 60) -> None:
    """Until a URL answers 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"{url} did not answer within {seconds} s")
        time.sleep(0.02)


@dataclass(frozen=True)
class Load:
    """What wrk counted."""

    rate: float
    """Requests per second."""
    requests: int
    failed: int
    """Answers other than 2xx and 3xx, and connections that broke."""
    p99: float
    """Milliseconds within which 99 % of the answers came."""


def load(url: str, seconds: int = 5, connections: int = 32) -> float:
    """Requests per second, by wrk on two threads. Any failed request ends the benchmark."""
    found = count(url, seconds, connections)
    if found.failed:
        raise SystemExit(f"{url}: {found.failed} requests failed")
    return found.rate


def count(url: str, seconds: int, connections: int = 32, script: Path | None = None) -> Load:
    """Load by wrk on two threads, for so many seconds; `script` is wrk's, in Lua."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    done = subprocess.run(
        [
            *("wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency"),
            *(("-s", str(script)) if script else ()),
            url,
        ],
        check=True,
        text=True,
        capture_output=True,
    )
    rate, requests, p99 = (one.search(done.stdout) for one in (_RATE, _REQUESTS, _P99))
    assert rate, done.stdout
    assert requests, done.stdout
    assert p99, done.stdout
    failed = sum(int(number) for number in _FAILED.findall(done.stdout))
    errors = _ERRORS.search(done.stdout)
    failed += sum(int(number) for number in errors.groups()) if errors else 0
    slow = float(p99[1]) * _IN_MS[p99[2]]
    return Load(float(rate.group(1)), int(requests.group(1)), failed, slow)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join("---" for _ in head) + " |")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`median (lowest to highest)`."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
