"""The values of a container's secrets, read from Secrets Manager and Parameter Store.

The forms of valueFrom: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from moto.core.exceptions import ServiceException
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.ssm.exceptions import ParameterNotFound

from drydock.region.api.store import Store

_ARN_FIELDS = 7
"""arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, then json-key, version-stage, version-id."""


class SecretUnavailableError(Exception):
    """The reason why a secret cannot be read, in ECS's own wording."""


@dataclass(frozen=True)
class SecretReference:
    """A parsed valueFrom."""

    service: str
    """secretsmanager or ssm."""
    name: str
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""


def parse(value_from: str) -> SecretReference:
    """Parse a valueFrom: a secret's ARN with its optional parts, or a parameter's ARN or name."""
    fields = value_from.split(":")
    if len(fields) >= _ARN_FIELDS and fields[2] == "secretsmanager":
        extra = [*fields[_ARN_FIELDS:], "", "", ""]
        return SecretReference(
            "secretsmanager", ":".join(fields[:_ARN_FIELDS]), extra[0], extra[1], extra[2]
        )
    if fields[0] == "arn":
        return SecretReference("ssm", value_from.partition(":parameter")[2])
    return SecretReference("ssm", value_from)


def read(store: Store, value_from: str) -> str:
    """Return the secret's value. Raises SecretUnavailableError, whose message never contains it."""
    reference = parse(value_from)
    if reference.service == "ssm":
        return _read_parameter(store, reference)
    try:
        with store.locked():
            found = store.backend("secretsmanager").get_secret_value(
                reference.name, reference.version_id, reference.version_stage or "AWSCURRENT"
            )
            value = found.get("SecretString") or ""
    except (SecretsManagerClientError, ServiceException) as error:
        raise SecretUnavailableError(
            "unable to retrieve secret from asm: service call has been retried 1 time(s): "
            f"failed to fetch secret {reference.name} from secrets manager: {error.message}"
        ) from error
    if not reference.json_key:
        return str(value)
    try:
        return str(json.loads(value)[reference.json_key])
    except (ValueError, KeyError, TypeError) as error:
        raise SecretUnavailableError(
            "unable to retrieve secret from asm: retrieved secret from Secrets Manager did not "
            f"contain json key {reference.json_key}"
        ) from error


def _read_parameter(store: Store, reference: SecretReference) -> str:
    # the ARN of a parameter without a path has a slash that its name has not
    for name in (reference.name, reference.name.removeprefix("/")):
        try:
            with store.locked():
                found = store.backend("ssm").get_parameter(name)
                value = found.decrypt(found.value) if found is not None else None
        except ParameterNotFound:
            continue
        if value is not None:
            return str(value)
    raise SecretUnavailableError(
        "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
        f"invalid ssm parameters: {reference.name}"
    )
