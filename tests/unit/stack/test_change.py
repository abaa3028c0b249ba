"""What a plan does to a resource, and what of it nobody may read."""

from __future__ import annotations

from typing import Any

from drydock.stack.change import changes


def read(**change: Any) -> Any:
    [found] = changes({"resource_changes": [{"address": "a.b", "type": "a", "change": {**change}}]})
    return found


def test_what_differs_is_named_whether_known_or_not() -> None:
    found = read(
        actions=["update"],
        before={"image": "1", "size": 1, "arn": "x", "tags_all": {}},
        after={"image": "2", "size": 1, "tags_all": {"a": "b"}},
        after_unknown={"arn": True, "blocks": [{}], "list": [{"id": True}]},
    )
    assert found.attributes == ("arn", "image", "list")
    assert found.unknown == {"arn", "list"}
    assert found.updated
    assert not found.goes


def test_of_a_replacement_the_reasons_are_named() -> None:
    found = read(
        actions=["delete", "create"],
        before={"name": "a", "size": 1},
        after={"name": "b", "size": 2},
        replace_paths=[["name"], ["block", 0, "x"], ["block", 1, "x"]],
    )
    assert found.attributes == ("name", "block")
    assert found.replaced
    assert found.goes


def test_what_is_sensitive_anywhere_within_is_not_there_to_be_shown() -> None:
    found = read(
        actions=["update"],
        before={"password": "old", "user": "me", "blocks": [{"key": "old", "x": 1}]},
        after={"password": "new", "user": "you", "blocks": [{"key": "new", "x": 1}]},
        before_sensitive={"password": True, "blocks": [{"key": True}]},
        after_sensitive={"password": True, "blocks": [{}]},
    )
    assert found.before == {"user": "me"}
    assert found.after == {"user": "you"}
    assert found.attributes == ("blocks", "password", "user")
    assert "old" not in repr(found)
    assert "new" not in repr(found)


def test_data_sources_and_what_stays_are_left_out() -> None:
    kept: list[dict[str, Any]] = [
        {"address": "data.a.b", "mode": "data", "change": {"actions": ["update"]}},
        *({"address": "a.b", "change": {"actions": [one]}} for one in ("no-op", "read", "forget")),
    ]
    assert changes({"resource_changes": kept}) == ()
    assert changes({}) == ()
