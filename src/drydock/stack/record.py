"""What a saved plan is bound to: its target and its very bytes. `apply` refuses any other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from drydock.errors import PlanMissing, PlanTargetMismatch
from drydock.paths import write_private
from drydock.stack.files import read_json
from drydock.stack.target import Target

_AGAIN = "run `drydock plan` for this target"


def write_record(record: Path, plan: Path, target: Target, *, applied: bool = False) -> None:
    """Note for which target the plan in the file `plan` was made."""
    told = {"target": target.identity, "sha256": _digest(plan), "applied": applied}
    write_private(record, json.dumps(told, indent=2) + "\n")


def check_record(record: Path, plan: Path, target: Target) -> None:
    """Raises PlanMissing (no plan, or one that is used up) and PlanTargetMismatch."""
    if not plan.is_file():
        raise PlanMissing(f"{plan}", "there is no saved plan", _AGAIN)
    told = read_json(record)
    if told is None or told.get("sha256") != _digest(plan):
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


def used_up(plan: Path, why: str) -> PlanMissing:
    """The error for a plan that Terraform will not apply any more."""
    return PlanMissing(f"{plan} cannot be applied any more", why, _AGAIN)


def difference(planned: Mapping[str, str], now: Mapping[str, str]) -> str:
    """In words: what the plan was made for and what it is asked to be applied to. Pure."""
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


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
