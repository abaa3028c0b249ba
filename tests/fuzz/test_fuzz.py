"""Right, wrong and unusual requests to every operation that the region answers, made from botocore's models.

Nothing may be answered 5xx but 501 (503 belongs to a hold), nothing may take long, and what was listed
before can be listed afterwards. CI sends two requests to each operation; DRYDOCK_TEST_ALL more than
10,000 in all. DRYDOCK_FUZZ_SEED makes other ones.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from drydock.region.api.application import Application
from drydock.services.model import Service
from drydock.services.table import KEPT, RUN
from tests.fuzz.running import Fuzz
from tests.support.served import new_store

SEED = int(os.environ.get("DRYDOCK_FUZZ_SEED", "1"))
EACH = 8 if os.environ.get("DRYDOCK_TEST_ALL") else 2


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise OSError("a request may not leave the process")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("service", [*RUN, *KEPT], ids=lambda one: one.name)
def test_no_request_breaks_a_service(
    tmp_path: Path, service: Service, record_property: Any
) -> None:
    application = Application(new_store(), {}, tmp_path / "region.log")
    result = Fuzz(application, service, SEED, EACH).run()
    record_property("requests", sum(result.statuses.values()))
    record_property("operations", len(result.operations))
    record_property("statuses", dict(sorted(result.statuses.items())))
    assert result.faults == []
    assert sum(result.statuses.values()) > len(result.operations)
