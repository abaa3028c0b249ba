"""Bind a saved plan to its target and its exact bytes; `apply` refuses any other plan.

The plan's findings are recorded too, so that `apply` can ask for consent before Terraform starts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from drydock.aws.target import Target
from drydock.errors import CheckFailed, PlanMissing, PlanTargetMismatch
from drydock.paths import write_private
from drydock.stack.files import read_json
from drydock.stack.findings import Finding

_AGAIN = "run `drydock plan` for this target"


def write_record(
    record: Path,
    plan: Path,
    target: Target,
    *,
    applied: bool = False,
    findings: Iterable[Finding] = (),
) -> None:
    """Record the plan file's digest, the target it was made for, and its findings."""
    told = {
        "target": target.identity,
        "sha256": digest(plan),
        "applied": applied,
        "findings": [asdict(finding) for finding in findings],
    }
    write_private(record, json.dumps(told, indent=2) + "\n")


def check_record(record: Path, plan: Path, target: Target) -> tuple[Finding, ...]:
    """Check the saved plan against its record and return its findings.

    Raises PlanMissing (no plan, or one that is used up) and PlanTargetMismatch.
    """
    if not plan.is_file():
        raise PlanMissing(f"{plan}", "there is no saved plan", _AGAIN)
    told = read_json(record)
    if told is None or told.get("sha256") != digest(plan) or not _is_whole(told):
        raise PlanTargetMismatch(
            f"{plan} is not applied",
            "it is not the plan that Drydock made here, so nobody knows its target",
            _AGAIN,
        )
    if told["target"] != target.identity:
        cause = difference(told["target"], target.identity)
        raise PlanTargetMismatch(f"{plan} is not applied", cause, _AGAIN)
    if told["applied"]:
        raise used_up(plan, "it has been applied")
    if "findings" not in told:
        raise used_up(plan, "another version of Drydock made it, which did not look for losses")
    return tuple(Finding(**finding) for finding in told["findings"])


def _is_whole(told: Mapping[str, Any]) -> bool:
    """Return whether a record has all that Drydock writes; a damaged one is treated as foreign."""
    found = told.get("findings", [])
    names = {field.name for field in fields(Finding)}
    return (
        isinstance(told.get("target"), dict)
        and isinstance(told.get("applied"), bool)
        and isinstance(found, list)
        and all(isinstance(one, dict) and one.keys() == names for one in found)
    )


def refuse(plan: Path, findings: Iterable[Finding]) -> CheckFailed:
    """Return the error for a plan with findings that the user has not consented to."""
    listed = "".join(f"\n  {finding}" for finding in findings)
    return CheckFailed(
        f"{plan} is not applied",
        f"it would lose data, interrupt service or lay something open:{listed}\nnothing was changed",
        "if it is meant so: drydock apply --allow-replace (make apply ALLOW_REPLACE=1)",
    )


def used_up(plan: Path, why: str) -> PlanMissing:
    """Return the error for a plan that Terraform will not apply any more."""
    return PlanMissing(f"{plan} cannot be applied any more", why, _AGAIN)


def difference(planned: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say in words which target the plan was made for and which one it is applied to. Pure."""
    for key in ("kind", "account", "region", "endpoint"):
        if planned.get(key) != now[key]:
            was, asked = _word(key, planned.get(key, "")), _word(key, now[key])
            return f"it was planned for {was}, not for {asked}"
    return "it was planned for a local region that is gone; the one that runs now is another"


def _word(key: str, value: str) -> str:
    if key == "kind":
        return {"local": "the local region", "aws": "AWS"}.get(value, "another target")
    if key == "endpoint":
        return value or "AWS's own endpoints"
    return f"the {key} {value}"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
