"""Deletion protection of log groups, which moto 5.2.5 forgets.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.logs.exceptions import LogsClientError, ResourceNotFoundException
from moto.logs.responses import LogsResponse


class ProtectionResponses(LogsResponse):
    """Stores and shows `deletionProtectionEnabled`; DeleteLogGroup obeys it."""

    def create_log_group(self) -> str:
        answer = super().create_log_group()
        self._protect(self._get_param("logGroupName"), self._get_param("deletionProtectionEnabled"))
        return answer

    def put_log_group_deletion_protection(self) -> str:
        """PutLogGroupDeletionProtection, by name or ARN."""
        given = str(self._get_param("logGroupIdentifier"))
        name = given.partition(":log-group:")[2].removesuffix(":*") or given
        if name not in self.logs_backend.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        self._protect(name, self._get_param("deletionProtectionEnabled"))
        return "{}"

    def delete_log_group(self) -> str:
        name = self._get_param("logGroupName")
        if self._is_protected(name):
            raise LogsClientError(
                "ValidationException",
                f"The log group {name} has deletion protection enabled. Disable it with "
                "PutLogGroupDeletionProtection to delete the log group.",
            )
        return super().delete_log_group()

    def describe_log_groups(self) -> str:
        answer = json.loads(super().describe_log_groups())
        for one in answer["logGroups"]:
            one["deletionProtectionEnabled"] = self._is_protected(one["logGroupName"])
        return json.dumps(answer)

    def _protect(self, name: str, wanted: bool | None) -> None:
        group: Any = self.logs_backend.groups[name]
        group.deletion_protection = bool(wanted)

    def _is_protected(self, name: str) -> bool:
        group = self.logs_backend.groups.get(name)
        return bool(getattr(group, "deletion_protection", False))
