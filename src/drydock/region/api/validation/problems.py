"""Problems of a request, independent of its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from drydock.services import lookup

Path = tuple[str, ...]
"""Member names and list positions, from the outside in: ("Tags", "1", "Key")."""

Kind = Literal["null", "enum", "length", "range", "pattern"]


@dataclass(frozen=True)
class Violation:
    """A violated constraint of the model."""

    path: Path
    kind: Kind
    constraint: str
    """Coral's words for the constraint: "Member must not be null"."""
    value: str | None = None
    """None: there is none, or it must not be shown."""

    @property
    def missing(self) -> bool:
        return self.kind == "null"


class ServiceNotRun(NotImplementedError):  # noqa: N818  (as below)
    """A service that the region refuses was called from inside moto. `name` is moto's name for it."""

    def __init__(self, name: str | None) -> None:
        service = lookup.get(name or "")
        words = service.refusal if service else f"Drydock's local region has no service {name}."
        super().__init__(words)


class RequestProblem(Exception):  # noqa: N818  (a problem of the request, not of this program)
    """A request that is invalid for every operation. `status` is HTTP's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Malformed(Exception):  # noqa: N818  (as above)
    """A value that does not have the model's type."""

    def __init__(self, message: str, path: Path = (), value: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.value = value


class InvalidMembers(Exception):  # noqa: N818  (as above)
    """A request whose members violate constraints of the model."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(f"{len(violations)} violations")
        self.violations = tuple(violations)
