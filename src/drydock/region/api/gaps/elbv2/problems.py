"""ELB's refusals in ELB's words.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from moto.elbv2.exceptions import ELBClientError


def invalid(message: str) -> ELBClientError:
    """A value that can never be right."""
    return ELBClientError("ValidationError", message)


def misconfigured(message: str) -> ELBClientError:
    """Values that do not go together, or not with what is there."""
    return ELBClientError("InvalidConfigurationRequest", message)


def bad_action(message: str) -> ELBClientError:
    """An action that cannot be done."""
    return ELBClientError("InvalidLoadBalancerAction", message)


def not_permitted(message: str) -> ELBClientError:
    """An operation that this resource does not allow."""
    return ELBClientError("OperationNotPermitted", message)


def unserved(what: str) -> ELBClientError:
    """Something that ELB has and the local region has not: refused, not kept and ignored."""
    return ELBClientError("OperationNotPermitted", f"The local region does not serve {what}.")
