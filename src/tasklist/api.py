"""The routes of tasks. Endpoints return JSON bytes; FastAPI only routes and documents them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from tasklist import task_input
from tasklist.errors import Refusal
from tasklist.http import JsonAnswer, TextAnswer, read_body
from tasklist.task_input import MAX_INT, MAX_LIMIT, MAX_TITLE, MIN_INT
from tasklist.tasks import Tasks

LIST = "/api/task/"
ONE = "/api/task/{id}/"


class TaskFields(BaseModel):
    """The fields a client may set. Keys may be in any case; unknown ones and `id` are ignored."""

    title: str = Field("", max_length=MAX_TITLE, description="any text without U+0000")
    priority: int = Field(0, ge=MIN_INT, le=MAX_INT, description="0 comes first")
    complete: bool = False


class Task(TaskFields):
    """A task of the list."""

    id: int = Field(ge=1, le=MAX_INT)


def register(app: FastAPI, tasks: Tasks) -> None:
    @app.get(LIST, **_document("List the tasks by id", list[Task], query=True))
    @app.get(LIST.rstrip("/"), include_in_schema=False)
    async def list_tasks(request: Request) -> Response:
        page = None
        if request.scope["query_string"]:
            query = request.query_params
            page = task_input.page(query.get("limit"), query.get("after"))
        return JsonAnswer(await (tasks.all() if page is None else tasks.page(*page)))

    @app.post(LIST, **_document("Add a task", Task, body=True))
    @app.post(LIST.rstrip("/"), include_in_schema=False)
    async def add_task(request: Request) -> Response:
        _same_site(request)
        return JsonAnswer(await tasks.add(task_input.new_task(await read_body(request))))

    @app.get(ONE, **_document("Read a task", Task, path=True))
    @app.get(ONE.rstrip("/"), include_in_schema=False)
    async def read_task(request: Request) -> Response:
        return _found(await tasks.one(_id(request)))

    @app.put(
        ONE,
        **_document(
            "Replace a task; what is left out becomes the default", Task, path=True, body=True
        ),
    )
    @app.put(ONE.rstrip("/"), include_in_schema=False)
    async def replace_task(request: Request) -> Response:
        _same_site(request)
        fields = task_input.new_task(await read_body(request))
        return _found(await tasks.change(_id(request), fields))

    @app.patch(ONE, **_document("Change the given fields of a task", Task, path=True, body=True))
    @app.patch(ONE.rstrip("/"), include_in_schema=False)
    async def change_task(request: Request) -> Response:
        _same_site(request)
        fields = task_input.changes(await read_body(request))
        return _found(await tasks.change(_id(request), fields))

    @app.delete(ONE, **_document("Delete a task", None, path=True))
    @app.delete(ONE.rstrip("/"), include_in_schema=False)
    async def delete_task(request: Request) -> Response:
        _same_site(request)
        if not await tasks.delete(_id(request)):
            raise _no_such_task()
        return Response(status_code=204)


def _id(request: Request) -> int:
    found = task_input.task_id(request.path_params["id"])
    if found is None:
        raise _no_such_task()
    return found


def _found(task: bytes | None) -> Response:
    if task is None:
        raise _no_such_task()
    return JsonAnswer(task)


def _no_such_task() -> Refusal:
    return Refusal(404, f"There is no such task; an id is a whole number from 1 to {MAX_INT}.")


def _same_site(request: Request) -> None:
    """Refuse cross-site writes: any content type is accepted, so a foreign site's form could send one."""
    if request.headers.get("sec-fetch-site", "none") == "cross-site":
        raise Refusal(403, "Pages of other sites cannot change tasks.")


def _document(
    summary: str, answer: Any, *, path: bool = False, body: bool = False, query: bool = False
) -> dict[str, Any]:
    """Return the arguments of a route for the OpenAPI document."""
    parameters: list[dict[str, Any]] = []
    texts = {503: "The database cannot be reached; Retry-After says when to try again"}
    if path:
        schema = {"type": "integer", "minimum": 1, "maximum": MAX_INT}
        parameters.append({"name": "id", "in": "path", "required": True, "schema": schema})
        texts[404] = "There is no such task"
    if query:
        for name, lowest, highest, says in (
            ("limit", 1, MAX_LIMIT, "at most this many"),
            ("after", 0, MAX_INT, "only tasks whose id is greater"),
        ):
            schema = {"type": "integer", "minimum": lowest, "maximum": highest}
            parameters.append({"name": name, "in": "query", "schema": schema, "description": says})
        texts[400] = "limit or after is out of range"
    extra: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if body:
        media = {"application/json": {"schema": TaskFields.model_json_schema()}}
        extra["requestBody"] = {"required": True, "content": media}
        texts[400] = "The body is wrong; the text says what is allowed"
        texts[413] = "The body is too large"
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": says, "content": {"text/plain": {"schema": {"type": "string"}}}}
        for status, says in sorted(texts.items())
    }
    return {
        "summary": summary,
        "tags": ["tasks"],
        "responses": responses,
        "openapi_extra": extra,
        "response_model": answer,
        "status_code": 204 if answer is None else 200,
        "response_class": TextAnswer if answer is None else Response,
    }
