"""Decode XML by a shape. A document type, and with it every entity, is refused before it is read."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from drydock.region.api.validation import jsons
from drydock.region.api.validation.problems import Malformed, Path

DEEPEST = 64
MOST = 200_000
"""The limit of elements: CompleteMultipartUpload may have 10,000 parts of several."""


def parse(body: bytes) -> Element:
    """Return the root. Raises Malformed: no XML, a DTD in it, too deep or too large."""
    builder = TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEEPEST or count > MOST:
            raise Malformed("The XML is nested too deeply, or has too many elements")
        builder.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def doctype(*_: object) -> None:
        raise Malformed("The XML has a document type, which is not taken")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Malformed(f"The XML is not well-formed: {error}") from None
    root: Element = builder.close()
    return root


def decode(shape: Any, node: Element, path: Path = ()) -> Any:
    """Return the values of `shape`. Raises Malformed."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, node, path)
    if kind == "list":
        return [
            decode(shape.member, one, (*path, str(place)))
            for place, one in enumerate(node, start=1)
        ]
    if kind == "map":
        return _map(shape, list(node), path)
    if len(node):
        raise Malformed(f"Unexpected list element in {node.tag}", path)
    if kind == "blob":
        return jsons.blob(node.text or "", path)
    return jsons.from_text(kind, node.text or "", path)


def _structure(shape: Any, node: Element, path: Path) -> Any:
    below: dict[str, list[Element]] = {}
    for one in node:
        below.setdefault(one.tag, []).append(one)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        serialization = member.serialization
        if "location" in serialization:
            continue
        flat = member.type_name in {"list", "map"} and serialization.get("flattened")
        wire = str(serialization.get("name", name))
        if flat and member.type_name == "list":
            wire = str(member.member.serialization.get("name") or wire)
        if serialization.get("xmlAttribute"):
            if (text := node.attrib.get(wire.rsplit(":", 1)[-1])) is not None:
                found[name] = text
            continue
        ones = below.get(wire)
        if not ones:
            continue
        if not flat:
            found[name] = decode(member, ones[0], (*path, name))
        elif member.type_name == "list":
            found[name] = [
                decode(member.member, one, (*path, name, str(place)))
                for place, one in enumerate(ones, start=1)
            ]
        else:
            found[name] = _map(member, ones, (*path, name))
    return found


def _map(shape: Any, entries: list[Element], path: Path) -> Any:
    key_name = str(shape.key.serialization.get("name", "key"))
    value_name = str(shape.value.serialization.get("name", "value"))
    found = {}
    for entry in entries:
        key = entry.find(key_name)
        value = entry.find(value_name)
        if key is None:
            raise Malformed("A map has an entry without a key", path)
        text = key.text or ""
        found[text] = None if value is None else decode(shape.value, value, (*path, text))
    return found


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
