"""CloudWatch Logs: a way in for controllers, and events that are on disk and bounded (`api/bulk`)."""

from drydock.region.api.gaps.logs.backend import LogGroupMissing, LogsBackend, install
from drydock.region.api.gaps.logs.streams import Stream

__all__ = ["LogGroupMissing", "LogsBackend", "Stream", "install"]
