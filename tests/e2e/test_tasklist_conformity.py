"""The table of what the application answers: as the original does, its faults mended."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.tasklist import Tasklist

SEED = [
    {"id": 1, "priority": 0, "title": "1st Task", "complete": False},
    {"id": 2, "priority": 1, "title": "2nd Task", "complete": False},
    {"id": 3, "priority": 2, "title": "3rd Task", "complete": False},
]
LIST = "/api/task/"
MAX = 2**31 - 1


def task(number: int = 4, priority: int = 0, title: str = "", complete: bool = False) -> Any:
    return {"id": number, "priority": priority, "title": title, "complete": complete}


class Case(NamedTuple):
    says: str
    method: str
    path: str
    body: bytes | str | None
    status: int
    answer: Any = None  # JSON, or a text that the answer contains
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


CASES = [
    Case("the seed, by id", "GET", LIST, None, 200, SEED),
    Case("without the slash", "GET", "/api/task", None, 200, SEED),
    Case("at most two", "GET", LIST + "?limit=2", None, 200, SEED[:2]),
    Case("after one", "GET", LIST + "?after=1", None, 200, SEED[1:]),
    Case("a page", "GET", LIST + "?after=1&limit=1", None, 200, SEED[1:2]),
    Case("after the end", "GET", LIST + "?after=3", None, 200, []),
    Case("limit 0", "GET", LIST + "?limit=0", None, 400, "from 1 to 1000"),
    Case("limit x", "GET", LIST + "?limit=x", None, 400, "from 1 to 1000"),
    Case("after -1", "GET", LIST + "?after=-1", None, 400, "from 0 to"),
    Case("one task", "GET", LIST + "2/", None, 200, SEED[1]),
    Case("no such task", "GET", LIST + "4/", None, 404, "no such task"),
    Case("add", "POST", LIST, '{"title":"x","priority":7,"complete":true}', 200,
         task(4, 7, "x", complete=True)),
    Case("keys in any case", "POST", LIST, '{"TITLE":"x","Priority":7}', 200, task(4, 7, "x")),
    Case("nothing given", "POST", LIST, "{}", 200, task()),
    Case("null is not given", "POST", LIST, '{"title":null}', 200, task()),
    Case("null", "POST", LIST, "null", 200, task()),
    Case("id and unknown keys ignored", "POST", LIST, '{"id":99,"x":[1]}', 200, task()),
    Case("largest priority", "POST", LIST, json.dumps({"priority": MAX}), 200, task(4, MAX)),
    Case("smallest priority", "POST", LIST, json.dumps({"priority": -MAX - 1}), 200,
         task(4, -MAX - 1)),
    Case("a form", "POST", LIST, '{"title":"x"}', 200, task(4, 0, "x"),
         {"content-type": "application/x-www-form-urlencoded"}),
    Case("a title of 1000 characters", "POST", LIST, json.dumps({"title": "é" * 1000}), 200,
         task(4, 0, "é" * 1000)),
    Case("an empty body", "POST", LIST, "", 400, "not valid JSON"),
    Case("malformed JSON", "POST", LIST, '{"title":', 400, "not valid JSON (line 1"),
    Case("more than JSON", "POST", LIST, "{} {}", 400, "not valid JSON"),
    Case("a list", "POST", LIST, "[]", 400, "JSON object"),
    Case("a deep list", "POST", LIST, "[" * 60000, 400, "body"),
    Case("a huge number", "POST", LIST, '{"priority":' + "9" * 5000 + "}", 400, "JSON"),
    Case("not UTF-8", "POST", LIST, b'{"title":"\xff"}', 400, "UTF-8"),
    Case("priority too large", "POST", LIST, json.dumps({"priority": MAX + 1}), 400, str(MAX)),
    Case("priority a fraction", "POST", LIST, '{"priority":1.5}', 400, "whole number"),
    Case("priority true", "POST", LIST, '{"priority":true}', 400, "whole number"),
    Case("priority a text", "POST", LIST, '{"priority":"1"}', 400, "whole number"),
    Case("title a number", "POST", LIST, '{"title":1}', 400, "title must be a text"),
    Case("title too long", "POST", LIST, json.dumps({"title": "x" * 1001}), 400,
         "at most 1000 characters; this one has 1001"),
    Case("title with NUL", "POST", LIST, '{"title":"a\\u0000b"}', 400, "NUL"),
    Case("title half a character", "POST", LIST, '{"title":"\\ud800"}', 400, "surrogate"),
    Case("complete a number", "POST", LIST, '{"complete":1}', 400, "true or false"),
    Case("a body too large", "POST", LIST, b"x" * 65537, 413, "65536 bytes"),
    Case("of another site", "POST", LIST, "{}", 403, "other sites", {"sec-fetch-site": "cross-site"}),
    Case("put", "PUT", LIST + "2/", '{"title":"new"}', 200, task(2, 0, "new")),
    Case("put without a task", "PUT", LIST + "9/", "{}", 404, "no such task"),
    Case("patch one field", "PATCH", LIST + "2/", '{"complete":true}', 200,
         task(2, 1, "2nd Task", complete=True)),
    Case("patch back to nothing", "PATCH", LIST + "2/", '{"title":"","priority":0}', 200, task(2)),
    Case("patch nothing", "PATCH", LIST + "2/", "{}", 200, SEED[1]),
    Case("patch without a task", "PATCH", LIST + "9/", "{}", 404, "no such task"),
    Case("patch wrongly", "PATCH", LIST + "2/", '{"complete":"yes"}', 400, "true or false"),
    Case("delete", "DELETE", LIST + "2/", None, 204, ""),
    Case("delete nothing", "DELETE", LIST + "9/", None, 404, "no such task"),
    Case("delete beyond int32", "DELETE", LIST + "99999999999/", None, 404, "no such task"),
    Case("delete a word", "DELETE", LIST + "x/", None, 404, "whole number"),
    Case("health", "GET", "/healthcheck/", None, 200, "OK"),
    Case("health without the slash", "GET", "/healthcheck", None, 200, "OK"),
    Case("alive", "GET", "/healthcheck/live", None, 200, "OK"),
    Case("page", "GET", "/", None, 200, "<title>Tasks</title>"),
    Case("metrics", "GET", "/metrics", None, 200, "tasklist_http_request_seconds_bucket"),
    Case("the API's page", "GET", "/swagger/", None, 200, "OpenAPI"),
    Case("nothing here", "GET", "/nothing", None, 404, "nothing here"),
    Case("no path out", "GET", "/static/../cli.py", None, 404, "nothing here"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_answers_as_the_table_says(client: httpx.Client, case: Case) -> None:
    answer = client.request(case.method, case.path, content=case.body, headers=case.headers)
    assert answer.status_code == case.status, answer.text
    if isinstance(case.answer, str):
        assert case.answer in answer.text
    else:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == case.answer
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith("text/plain")


def test_an_empty_list_is_a_list(client: httpx.Client) -> None:
    for number in (1, 2, 3):
        assert client.delete(f"/api/task/{number}/").status_code == 204
    assert client.get(LIST).text == "[]"


def test_what_was_changed_is_what_is_read(client: httpx.Client) -> None:
    added = client.post(LIST, json={"title": "a", "priority": 5}).json()
    client.patch(f"/api/task/{added['id']}/", json={"title": "b"})
    client.delete("/api/task/1/")
    assert client.get(LIST).json() == [*SEED[1:], task(4, 5, "b")]


def test_a_body_without_a_length_is_measured_as_it_comes(client: httpx.Client) -> None:
    answer = client.post(LIST, content=(b" " * 10000 for _ in range(8)))
    assert answer.status_code == 413
    assert client.get(LIST).json() == SEED


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", LIST, "GET, HEAD, OPTIONS, POST"),
        ("TRACE", LIST, "GET, HEAD, OPTIONS, POST"),
        ("POST", "/api/task/1/", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/healthcheck/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    client: httpx.Client, method: str, path: str, allow: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    options = client.request("OPTIONS", path)
    assert (options.status_code, options.headers["allow"]) == (204, allow)


@pytest.mark.parametrize("path", [LIST, "/", "/healthcheck/", "/metrics", "/debug"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


def test_debug_has_no_secret(client: httpx.Client, tasklist: Tasklist) -> None:
    answer = client.get("/debug")
    assert answer.json()["DB"]["DbPassword"] == "********"
    assert answer.json()["DB"]["DbName"] == "app"
    assert "pw-" not in answer.text


def test_the_document_describes_every_route_of_tasks(client: httpx.Client) -> None:
    document = client.get("/swagger/openapi.json").json()
    assert set(document["paths"][LIST]) == {"get", "post"}
    one = document["paths"]["/api/task/{id}/"]
    assert set(one) == {"get", "put", "patch", "delete"}
    assert "503" in one["get"]["responses"]
    assert "422" not in str(document)
    assert document["components"]["schemas"]["Task"]["properties"]["title"]["maxLength"] == 1000


@pytest.mark.parametrize("page", ["/", "/swagger/"])
def test_pages_load_nothing_from_another_host(client: httpx.Client, page: str) -> None:
    answer = client.get(page)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "http:" not in answer.text
    assert "https:" not in answer.text
    for part in answer.text.split('"'):
        if part.startswith("/static/"):
            file = client.get(part)
            assert file.status_code == 200
            assert "https:" not in file.text


def test_a_file_that_did_not_change_is_not_sent_again(client: httpx.Client) -> None:
    etag = client.get("/static/app.js").headers["etag"]
    again = client.get("/static/app.js", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_whole_page_is_below_50_kb(client: httpx.Client) -> None:
    paths = ["/", "/static/app.js", "/static/app.css", "/static/icon.svg"]
    assert sum(int(client.get(path).headers["content-length"]) for path in paths) < 50_000


titles = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(title=titles, priority=st.integers(-MAX - 1, MAX), complete=st.booleans())
def test_whatever_is_written_is_read_again(
    client: httpx.Client, title: str, priority: int, complete: bool
) -> None:
    sent = {"title": title, "priority": priority, "complete": complete}
    added = client.post(LIST, json=sent).json()
    assert added == {"id": added["id"], **sent}
    listed = {one["id"]: one for one in client.get(LIST).json()}
    assert listed[added["id"]] == added
    assert client.get(f"/api/task/{added['id']}/").json() == added


@pytest.mark.parametrize(
    "title",
    [
        "100 %",
        'it\'s "quoted"',
        "<script>alert(1)</script>",
        "a\\b\n\tc",
        "👩‍👩‍👧 שלום",
        "'; DROP TABLE tasks; --",
    ],
)
def test_a_title_that_means_something_elsewhere_stays_a_title(
    client: httpx.Client, title: str
) -> None:
    client.post(LIST, json={"title": title})
    assert client.get(LIST).json()[-1]["title"] == title
