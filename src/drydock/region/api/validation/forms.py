"""Decode the forms of the query and ec2 protocols by a shape.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from drydock.region.api.validation import jsons
from drydock.region.api.validation.problems import Malformed, Path, RequestProblem

MOST = 10_000
"""The limit of parameters of one request. A security group's 1,000 rules take half of them."""
_DEEPEST = 24


class Node:
    """A node of the tree of dotted names: its text, and the nodes below."""

    __slots__ = ("below", "text")

    def __init__(self) -> None:
        self.text: str | None = None
        self.below: dict[str, Node] = {}


def parse(query: str, body: bytes) -> dict[str, str]:
    """Return the parameters by name. Raises RequestProblem: too many, or not text."""
    try:
        found = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST)
        found += parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST)
    except UnicodeDecodeError:
        raise RequestProblem("MalformedQueryString", "The request is not in UTF-8.") from None
    except ValueError:
        text = f"The request has more than the {MOST} parameters that are taken."
        raise RequestProblem("RequestEntityTooLarge", text, 413) from None
    return dict(found)


def tree(parameters: Mapping[str, str]) -> Node:
    """Return the parameters as a tree, by the parts of their names."""
    root = Node()
    for name, text in parameters.items():
        parts = name.split(".", _DEEPEST)
        node = root
        for part in parts:
            node = node.below.setdefault(part, Node())
        node.text = text
    return root


def decode(shape: Any, node: Node, ec2: bool, path: Path = ()) -> Any:
    """Return the values of `shape`; None where there are none. Raises Malformed."""
    kind = shape.type_name
    if kind == "structure":
        found = {}
        for name, member in shape.members.items():
            below = node.below.get(_name(member, name, ec2))
            if below is not None:
                one = decode(member, below, ec2, (*path, name))
                if one is not None:
                    found[name] = one
        return found
    if kind == "list":
        return _list(shape, node, ec2, path)
    if kind == "map":
        return _map(shape, node, ec2, path)
    if node.text is None:
        return None
    if kind == "blob":
        return jsons.blob(node.text, path)
    return jsons.from_text(kind, node.text, path)


def _name(member: Any, name: str, ec2: bool) -> str:
    serialization = member.serialization
    if ec2:
        if "queryName" in serialization:
            return str(serialization["queryName"])
        if "name" in serialization:
            given = str(serialization["name"])
            return given[0].upper() + given[1:]
        return name
    if member.type_name == "list" and serialization.get("flattened"):
        return str(member.member.serialization.get("name") or serialization.get("name") or name)
    return str(serialization.get("name", name))


def _list(shape: Any, node: Node, ec2: bool, path: Path) -> Any:
    wrapper = str(shape.member.serialization.get("name", "member"))
    inner = node.below.get(wrapper) or node.below.get("member") or node
    numbered = _numbered(inner)
    if not numbered:
        return [] if node.text == "" else None
    found = []
    for place, below in enumerate(numbered, start=1):
        found.append(decode(shape.member, below, ec2, (*path, str(place))))
    return found


def _map(shape: Any, node: Node, ec2: bool, path: Path) -> Any:
    entries = _numbered(node.below.get("entry") or node)
    key_name = str(shape.key.serialization.get("name", "key"))
    value_name = str(shape.value.serialization.get("name", "value"))
    found = {}
    for entry in entries:
        key = entry.below.get(key_name)
        if key is None or key.text is None:
            raise Malformed("A map has an entry without a key", path)
        value = entry.below.get(value_name)
        below = None if value is None else decode(shape.value, value, ec2, (*path, key.text))
        found[key.text] = below
    return found or None


def _numbered(node: Node) -> list[Node]:
    """Return the nodes below that are numbered 1, 2, 3 and so on, in that order."""
    numbered = [(int(name), one) for name, one in node.below.items() if name.isdecimal()]
    return [one for _, one in sorted(numbered, key=lambda pair: pair[0])]
