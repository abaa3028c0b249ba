"""The resources of a stack's state, by what their destruction needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drydock.stack.protection import SETTINGS
from drydock.stack.reading import resources
from drydock.stack.tree import managed


@dataclass(frozen=True)
class Standing:
    """One existing resource."""

    address: str
    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.attributes.get("id") or "")

    @property
    def guarded(self) -> bool:
        """AWS refuses to delete it: its deletion protection is on."""
        return any(self.attributes.get(name) is True for name in SETTINGS)


@dataclass(frozen=True)
class Remains:
    """A stack's existing resources, by what has to be done about them."""

    standing: tuple[Standing, ...] = ()

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Remains:
        """Read a state, as `terraform state pull` prints it."""
        every = resources(state)
        return cls(tuple(Standing(one["address"], one["type"], one["values"]) for one in every))

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Remains:
        """Read the resources that a plan's JSON will create, as far as they are known before apply."""
        every = managed(plan.get("planned_values"))
        return cls(tuple(Standing(one["address"], one["type"], one["values"]) for one in every))

    @property
    def guarded(self) -> tuple[Standing, ...]:
        return tuple(one for one in self.standing if one.guarded)

    @property
    def buckets(self) -> tuple[str, ...]:
        """S3 buckets that Terraform does not empty by itself."""
        return self._filled("aws_s3_bucket", "bucket", "force_destroy")

    @property
    def repositories(self) -> tuple[str, ...]:
        """ECR repositories that Terraform does not empty by itself."""
        return self._filled("aws_ecr_repository", "name", "force_delete")

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of IAM roles, which are not found by tags."""
        found = (one.attributes.get("name") for one in self.standing if one.kind == "aws_iam_role")
        return tuple(str(name) for name in found if name)

    @property
    def subnets(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.standing if one.kind == "aws_subnet")

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of security groups."""
        return tuple(one.id for one in self.standing if one.kind == "aws_security_group")

    @property
    def tags(self) -> dict[str, str]:
        """The tags common to every tagged resource of the stack: its default tags."""
        every = [
            one.attributes["tags_all"] for one in self.standing if one.attributes.get("tags_all")
        ]
        if not every:
            return {}
        common = set(every[0].items()).intersection(*(tags.items() for tags in every[1:]))
        return {str(key): str(value) for key, value in sorted(common) if key != "Name"}

    @property
    def names(self) -> frozenset[str]:
        """Every id and ARN, to tell the stack's own resources from others with the same tags."""
        attributes = (one.attributes for one in self.standing)
        return frozenset(
            str(found[name])
            for found in attributes
            for name in ("id", "arn", "allocation_id")
            if found.get(name)
        )

    def _filled(self, kind: str, name: str, forced: str) -> tuple[str, ...]:
        return tuple(
            str(one.attributes.get(name) or one.id)
            for one in self.standing
            if one.kind == kind and one.attributes.get(forced) is not True
        )
