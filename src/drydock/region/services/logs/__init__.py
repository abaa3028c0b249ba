"""CloudWatch Logs: groups, streams and events; events are on disk and bounded (`api/bulk`)."""

from drydock.region.services.logs.operations.backend import LogGroupMissing, LogsBackend
from drydock.region.services.logs.operations.streams import Stream

__all__ = ["LogGroupMissing", "LogsBackend", "Stream"]
