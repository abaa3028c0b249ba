"""A served control plane per test: its own account, on a loopback port, with boto3 clients."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from drydock.region.api.application import Application
from drydock.region.api.server import serve
from drydock.region.api.store import Store

REGION = "ap-southeast-2"
# moto's backends are the process's: an account per test keeps tests apart, also between processes.
_ACCOUNTS = itertools.count(100_000_000_000 + os.getpid() * 10_000)
_SESSION = boto3.Session(
    aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
)
_ONCE = Config(retries={"total_max_attempts": 1})


class Served:
    """A store and a server that answers for it."""

    def __init__(self, store: Store, url: str, log_file: Path) -> None:
        self.store = store
        self.url = url
        self.log_file = log_file
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = _SESSION.client(service, endpoint_url=self.url, config=_ONCE)
        return self._clients[service]


def new_store() -> Store:
    return Store(str(next(_ACCOUNTS)), REGION)


@pytest.fixture()
def served(tmp_path: Path) -> Iterator[Served]:
    store = new_store()
    listener = socket.create_server(("127.0.0.1", 0))
    log_file = tmp_path / "region.log"
    app = Application(store, {}, log_file)
    server = serve(app, [listener])
    try:
        yield Served(store, f"http://127.0.0.1:{listener.getsockname()[1]}", log_file)
    finally:
        server.close()
