"""What of a stack AWS refuses to delete, and how Terraform names a resource of its state. Pure.

A destroy that begins all the same takes away everything else, the service first, and fails after
minutes: on the protected database alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SETTINGS = ("deletion_protection", "deletion_protection_enabled", "enable_deletion_protection")
"""As the AWS provider's resources call it: RDS, DynamoDB and others, ELB."""


def address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """`module.a[0].aws_vpc.this["x"]` of a resource of the state and one of its instances."""
    module = f"{resource['module']}." if resource.get("module") else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{json.dumps(key)}]"
    return f"{module}{resource['type']}.{resource['name']}{index}"
