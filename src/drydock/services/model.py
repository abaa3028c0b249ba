"""One service's entry in the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stance = Literal["run", "kept", "refused"]


@dataclass(frozen=True)
class Service:
    """A service. `name` is moto's name, also where moto has no such service."""

    name: str
    title: str
    """AWS's own name for it."""
    stance: Stance
    words: str
    """For run: what runs; kept: what does not happen; refused: what is missing, what to use instead."""
    model: str = ""
    """botocore's name, where it differs from moto's."""
    signing: str = ""
    """The name in a signature's scope, where it differs from botocore's."""
    action: str = ""
    """The prefix of its IAM actions, where it differs from the signing name."""
    terraform: tuple[str, ...] = ()
    """Prefixes of its resource types in the AWS provider, without `aws_`; a whole type ends in `$`."""
    beside: tuple[str, ...] = ()
    """Further services whose records moto writes in this service's operations."""

    @property
    def botocore(self) -> str:
        return self.model or self.name

    @property
    def scope(self) -> str:
        return self.signing or self.botocore

    @property
    def prefix(self) -> str:
        return self.action or self.scope

    @property
    def answered(self) -> bool:
        """The region answers calls to it."""
        return self.stance != "refused"

    @property
    def refusal(self) -> str:
        """The sentence that refuses a call."""
        return f"Drydock's local region does not run {self.title}: {self.words}"
