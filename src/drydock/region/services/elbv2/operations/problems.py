"""ELB's errors, with ELB's messages.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from moto.elbv2.exceptions import ELBClientError


def invalid(message: str) -> ELBClientError:
    """A value that is never valid."""
    return ELBClientError("ValidationError", message)


def misconfigured(message: str) -> ELBClientError:
    """Values that conflict with each other or with the resource."""
    return ELBClientError("InvalidConfigurationRequest", message)


def bad_action(message: str) -> ELBClientError:
    """An action that cannot be done."""
    return ELBClientError("InvalidLoadBalancerAction", message)


def not_permitted(message: str) -> ELBClientError:
    """An operation that this resource does not allow."""
    return ELBClientError("OperationNotPermitted", message)


def unserved(what: str) -> ELBClientError:
    """A feature of ELB that the local region does not support: refused rather than ignored."""
    return ELBClientError("OperationNotPermitted", f"The local region does not serve {what}.")
