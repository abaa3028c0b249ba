"""What the table says of one service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stance = Literal["run", "kept", "refused"]


@dataclass(frozen=True)
class Service:
    """`name` is moto's name, also where moto has no such service."""

    name: str
    title: str
    """AWS's own name for it."""
    stance: Stance
    words: str
    """run: what runs; kept: what does not happen; refused: what is missing, and what to use instead."""
    model: str = ""
    """botocore's name, where it is another."""
    signing: str = ""
    """The name in a signature's scope, where it is another than botocore's."""
    action: str = ""
    """The prefix of its IAM actions, where it is another than the signing name."""
    terraform: tuple[str, ...] = ()
    """How its resource types begin in Terraform's AWS provider, without `aws_`; a whole type ends in `$`."""
    beside: tuple[str, ...] = ()
    """Services whose records moto writes in its operations too."""

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
        """Does the region answer it at all?"""
        return self.stance != "refused"

    @property
    def refusal(self) -> str:
        """The one sentence of a refusal."""
        return f"Drydock's local region does not run {self.title}: {self.words}"
