"""A WebSocket through a load balancer: a real server in a task, a real client on the host."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region

SERVER = """
import http, signal, threading
from websockets.sync.server import serve

def chat(connection):
    for message in connection:
        connection.send(f"echo {message}")

def checked(connection, request):
    if request.path.startswith("/healthcheck"):
        return connection.respond(http.HTTPStatus.OK, "well")

with serve(chat, "0.0.0.0", 3000, process_request=checked) as server:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
"""


@pytest.fixture
def site(region: TestRegion) -> Iterator[Site]:
    place = Scenario.build(region, "chats", "10.67.0.0/16")
    site = Site.build(place)
    service = Service(place, site.service("chat", place.define("psql:1", [SERVER]), 1))
    site.wait_healthy(1)
    yield site
    service.delete()
    site.delete()


def answers(chat: ClientConnection, word: str) -> bool:
    chat.send(word)
    return chat.recv(20) == f"echo {word}"


def test_it_outlives_changes_and_ends_with_its_target(site: Site) -> None:
    elb = site.scenario.region.client("elbv2")
    with connect(site.url().replace("http", "ws") + "/room") as chat:
        assert answers(chat, "one")

        elb.create_rule(
            ListenerArn=site.listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/closed"]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410"}}],
        )
        eventually(
            lambda: httpx.get(site.url() + "/closed").status_code == 410, "the rule is in effect"
        )
        assert answers(chat, "two")

        elb.modify_target_group_attributes(
            TargetGroupArn=site.group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "120"}],
        )
        (address,) = site.health()
        Service(site.scenario, "chat").update(desiredCount=0)
        site.wait_state(address, "draining")
        assert answers(chat, "three"), "a target that drains keeps its connections"

        with pytest.raises(ConnectionClosed):
            chat.recv(60)
