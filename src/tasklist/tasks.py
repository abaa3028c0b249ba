"""The tasks in the database. Answers are JSON bytes; PostgreSQL builds the lists.

The table is that of the original (id, completed, priority, title), so either application can
run on the other's database.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

from tasklist.database import Database
from tasklist.sharing import SharedRead, SharedWrite
from tasklist.task_input import Fields

# PostgreSQL writes the JSON itself: one text crosses the wire, no row is built in Python
_OBJECT = """'{"id":' || id || ',"priority":' || priority || ',"title":' || to_json(title)::text
  || ',"complete":' || completed::text || '}'"""
_LIST = f"SELECT coalesce('[' || string_agg({_OBJECT}, ',' ORDER BY id) || ']', '[]') FROM "  # noqa: S608
ALL = _LIST + "tasks"
_PAGE = _LIST + "(SELECT * FROM tasks WHERE id > $2 ORDER BY id LIMIT $1) AS page"  # noqa: S608
_ONE = f"SELECT {_OBJECT} FROM tasks WHERE id = $1"  # noqa: S608
# as many rows as there are in the three arrays; their ids, which a sequence gives, ascend in that
# order. One transaction: a commit waits for the disk once, however many wait for it
_ADD = """WITH added AS (INSERT INTO tasks (priority, title, completed)
  SELECT priority, title, completed
  FROM unnest($1::int[], $2::text[], $3::bool[]) WITH ORDINALITY AS new (priority, title, completed, n)
  ORDER BY n RETURNING id) SELECT array_agg(id ORDER BY id) FROM added"""
_CHANGE = """UPDATE tasks SET priority = coalesce($2, priority), title = coalesce($3, title),
  completed = coalesce($4, completed) WHERE id = $1 RETURNING id, priority, title, completed"""
_DELETE = "DELETE FROM tasks WHERE id = $1 RETURNING id"


class Tasks:
    """Reads and changes tasks. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._all = SharedRead(self._read_all)
        self._add = SharedWrite(self._add_all)

    def all(self) -> Awaitable[bytes]:
        """Return every task, ordered by id."""
        return self._all()

    async def page(self, limit: int, after: int) -> bytes:
        """Return at most `limit` tasks whose id is greater than `after`, ordered by id."""
        return _utf8(await self._database.value(_PAGE, limit, after))

    async def one(self, task: int) -> bytes | None:
        found = await self._database.value(_ONE, task)
        return None if found is None else _utf8(found)

    def add(self, fields: Fields) -> Awaitable[bytes]:
        """Add a task and return it, once it is committed."""
        return self._add(fields)

    async def change(self, task: int, fields: Fields) -> bytes | None:
        """Set the given fields and return the task; None if there is no such task."""
        row = await self._database.row(
            _CHANGE, task, fields.get("priority"), fields.get("title"), fields.get("complete")
        )
        return None if row is None else as_json(*row)

    async def delete(self, task: int) -> bool:
        """Delete a task; return whether it existed."""
        return await self._database.value(_DELETE, task) is not None

    async def _add_all(self, new: list[Fields]) -> list[bytes]:
        priorities = [fields["priority"] for fields in new]
        titles = [fields["title"] for fields in new]
        complete = [fields["complete"] for fields in new]
        ids = await self._database.value(_ADD, priorities, titles, complete)
        return [as_json(*row) for row in zip(ids, priorities, titles, complete, strict=True)]

    async def _read_all(self) -> bytes:
        return _utf8(await self._database.value(ALL))


def as_json(task: int, priority: int, title: str, complete: bool) -> bytes:
    fields = {"id": task, "priority": priority, "title": title, "complete": complete}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _utf8(text: Any) -> bytes:
    return str(text).encode()
