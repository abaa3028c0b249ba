"""The client of GitHub's API, against a server that answers as GitHub does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import PipelineError, UsageError
from drydock.pipeline.github import GitHub

BOT = {"type": "Bot"}
MARKER = "<!-- m -->"


class Hub:
    """What GitHub keeps: comments of the pull request 7, and issues."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.refuse = 0
        self.tokens: set[str] = set()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"message": "Resource not accessible by integration"}
        where, _, query = path.partition("?")
        if where == "/repos/o/r/issues/7/comments":
            return self.collection(self.comments, method, query, body)
        if where == "/repos/o/r/issues":
            return self.collection(self.issues, method, query, body)
        found = re.fullmatch(r"/repos/o/r/issues/(comments/)?(\d+)", where)
        assert found
        assert method == "PATCH"
        one = (self.comments if found[1] else self.issues)[int(found[2])]
        one.update(body)
        return 200, one

    def collection(
        self, kept: list[dict[str, Any]], method: str, query: str, body: dict[str, Any]
    ) -> tuple[int, Any]:
        if method == "POST":
            number = len(kept)
            made = {
                "id": number,
                "number": number,
                "user": BOT,
                "html_url": f"https://hub.example/{number}",
            }
            kept.append({**made, "state": "open", **body})
            return 201, kept[-1]
        assert "per_page=100" in query
        page = int(query.rpartition("page=")[2])
        shown = [one for one in kept if "state=open" not in query or one["state"] == "open"]
        return 200, shown[(page - 1) * 100 : page * 100]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def github(hub: Hub, tmp_path: Path) -> Iterator[GitHub]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            hub.tokens.add(self.headers.get("Authorization", ""))
            code, value = hub.answer(self.command, self.path, body)
            data = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "abc"}}}))
    yield GitHub.of(
        {
            "GITHUB_API_URL": f"http://127.0.0.1:{server.server_port}",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": "t0ken",
            "GITHUB_RUN_ID": "5",
            "GITHUB_SHA": "merge",
            "GITHUB_EVENT_PATH": str(event),
        }
    )
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_comment_is_made_once_and_brought_up_to_date(github: GitHub, hub: Hub) -> None:
    stranger = {"id": 0, "user": {"type": "User"}, "body": f"{MARKER} spoof", "html_url": "x"}
    hub.comments = [stranger] + [{"id": n, "user": BOT, "body": "other"} for n in range(1, 120)]
    first = github.say(MARKER, f"{MARKER}\none")
    second = github.say(MARKER, f"{MARKER}\ntwo")
    assert first == second
    assert len(hub.comments) == 121
    assert hub.comments[-1]["body"] == f"{MARKER}\ntwo"
    assert stranger["body"] == f"{MARKER} spoof"
    assert hub.tokens == {"Bearer t0ken"}


def test_a_drift_has_one_issue_which_is_closed_when_it_is_gone(github: GitHub, hub: Hub) -> None:
    assert github.close_issue(MARKER) == ""
    hub.issues = [{"number": 0, "state": "open", "user": BOT, "body": MARKER, "pull_request": {}}]
    assert github.open_issue(MARKER, "Drift", f"{MARKER} 1") == "https://hub.example/1"
    assert github.open_issue(MARKER, "Drift", f"{MARKER} 2") == "https://hub.example/1"
    assert [one["body"] for one in hub.issues] == [MARKER, f"{MARKER} 2"]
    assert github.close_issue(MARKER) == "https://hub.example/1"
    assert hub.issues[1]["state"] == "closed"
    assert github.open_issue(MARKER, "Drift", f"{MARKER} 3") == "https://hub.example/2"


def test_what_the_run_is_for(github: GitHub) -> None:
    assert (github.number, github.commit) == (7, "abc")
    assert github.run_url == "https://github.com/o/r/actions/runs/5"
    assert "t0ken" not in repr(github)


def test_a_refusal_says_what_to_give_and_nothing_secret(github: GitHub, hub: Hub) -> None:
    hub.refuse = 403
    with pytest.raises(PipelineError, match=r"403.*not accessible(.|\n)*permissions") as caught:
        github.say(MARKER, "x")
    assert "t0ken" not in str(caught.value)


def test_outside_of_github_it_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN and GITHUB_REPOSITORY"):
        GitHub.of({})
    with pytest.raises(UsageError, match="OWNER/REPO"):
        GitHub.of({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "o/r/../x?"})
    nowhere = GitHub.of({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "o/r"})
    with pytest.raises(UsageError, match="no pull request"):
        nowhere.say(MARKER, "x")
