"""From bodies to tasks: nothing that a client sends raises anything but a Refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasklist import task_input
from tasklist.errors import Refusal

json_values = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([{}]))
)
# a busy machine is slow, which says nothing about the code
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_missing_fields_have_defaults_in_a_new_task_only() -> None:
    assert task_input.new_task(b"{}") == {"priority": 0, "title": "", "complete": False}
    assert task_input.changes(b"{}") == {}


def test_keys_in_any_case_and_the_last_wins() -> None:
    assert task_input.changes(b'{"tItLe":"a","TITLE":"b"}') == {"title": "b"}


def test_the_clients_id_is_ignored() -> None:
    assert task_input.changes(b'{"id":7,"Id":"x"}') == {}


@calm
@given(st.binary(max_size=300))
def test_any_bytes_are_fields_or_refused(body: bytes) -> None:
    refused = Refusal(400, "Not refused at all.")
    try:
        task_input.new_task(body)
    except Refusal as refusal:
        refused = refusal
    assert refused.status == 400
    assert refused.text.endswith(".")


@calm
@given(st.dictionaries(st.sampled_from(["title", "PRIORITY", "Complete", "id"]), json_values))
def test_any_json_gives_fields_that_the_table_takes(document: dict[str, object]) -> None:
    try:
        fields = task_input.new_task(json.dumps(document).encode())
    except Refusal:
        return
    assert type(fields["title"]) is str
    assert len(fields["title"]) <= task_input.MAX_TITLE
    assert "\0" not in fields["title"]
    fields["title"].encode()
    assert type(fields["priority"]) is int
    assert task_input.MIN_INT <= fields["priority"] <= task_input.MAX_INT
    assert type(fields["complete"]) is bool


@pytest.mark.parametrize("text", ["", "0", "-1", "+1", "1.0", "x", "٣", "2147483648", "9" * 5000])
def test_no_task_has_such_an_id(text: str) -> None:
    assert task_input.task_id(text) is None


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("2147483647", 2**31 - 1)])
def test_an_id(text: str, number: int) -> None:
    assert task_input.task_id(text) == number


def test_pages() -> None:
    assert task_input.page(None, None) is None
    assert task_input.page("5", None) == (5, 0)
    assert task_input.page(None, "5") == (task_input.MAX_LIMIT, 5)
    with pytest.raises(Refusal, match="limit must be a whole number from 1 to 1000"):
        task_input.page("1001", None)
