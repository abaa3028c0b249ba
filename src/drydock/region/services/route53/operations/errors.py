"""Route 53's errors for which moto 5.2.5 has no class, or another message."""

from __future__ import annotations

from collections.abc import Sequence

from moto.route53.exceptions import Route53ClientError


class Refused(Route53ClientError):  # noqa: N818  (it says what happened)
    """An error with AWS's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class InvalidChangeBatch(Route53ClientError):  # noqa: N818  (AWS's name)
    """A rejected batch, of which nothing was done.

    AWS lists all problems in one message, in brackets.
    """

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("InvalidChangeBatch", f"[{', '.join(messages)}]")


def invalid_input(message: str) -> Refused:
    return Refused("InvalidInput", message)
