"""Deletion protection settings, and how Terraform addresses a resource of its state. Pure.

A destroy with a protected database deletes everything else first, the service included, and fails
after minutes at the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SETTINGS = ("deletion_protection", "deletion_protection_enabled", "enable_deletion_protection")
"""The attribute's names in the AWS provider's resources: RDS, DynamoDB and others, ELB."""


def address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """Return the address (`module.a[0].aws_vpc.this["x"]`) of an instance of a state's resource."""
    module = f"{resource['module']}." if resource.get("module") else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{json.dumps(key)}]"
    return f"{module}{resource['type']}.{resource['name']}{index}"
