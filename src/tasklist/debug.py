"""Report this process's version, host and settings; without secrets, and without network requests."""

from __future__ import annotations

import json
import os
import platform
import socket
import time
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tasklist.http import NO_STORE, JsonAnswer
from tasklist.metrics import CONTENT_TYPE, Metrics
from tasklist.settings import Settings

HIDDEN = "********"


def register(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    started = time.time()

    @app.get(
        "/debug", summary="Version, host and settings", tags=["operations"], response_class=Response
    )
    @app.get("/debug/", include_in_schema=False)
    async def debug(_request: Request) -> Response:
        return JsonAnswer(json.dumps(describe(settings, started)).encode())

    @app.get(
        "/metrics", summary="Metrics for Prometheus", tags=["operations"], response_class=Response
    )
    @app.get("/metrics/", include_in_schema=False)
    async def exposition(_request: Request) -> Response:
        headers = {"content-type": CONTENT_TYPE, **NO_STORE}
        return Response(metrics.exposition(), headers=headers)


def describe(settings: Settings, started: float) -> dict[str, object]:
    """Return the report, with the original's keys where it has them. `started` is in epoch seconds."""
    return {
        "DB": {
            "DbUser": HIDDEN,
            "DbPassword": HIDDEN,
            "DbName": settings.db_name,
            "DbHost": settings.db_host,
            "DbPort": str(settings.db_port),
            "DbType": settings.db_type,
            "DbSslMode": settings.db_sslmode,
        },
        "Hostname": socket.gethostname(),
        "Timestamp": int(time.time()),
        "Uptime": round(time.time() - started, 1),
        "Version": version(),
        "Python": platform.python_version(),
        "Workers": settings.workers,
        "TaskId": ecs_task_id(os.environ.get("ECS_CONTAINER_METADATA_URI_V4", "")),
    }


def version() -> str:
    """Return the image's version, if it was built with one, else the distribution's."""
    if told := os.environ.get("TASKLIST_VERSION"):
        return told
    from importlib import metadata  # noqa: PLC0415 - reading it takes longer than all the rest

    try:
        return metadata.version("drydock-aws")
    except metadata.PackageNotFoundError:
        return "unknown"


def ecs_task_id(metadata_uri: str) -> str:
    """Return the task's id from the address that ECS sets, `http://…/v4/TASK-CONTAINER`, without a request.

    See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
    """
    return urlsplit(metadata_uri).path.rpartition("/")[2].partition("-")[0]
