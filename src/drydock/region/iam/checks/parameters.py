"""Parameter Store: parameters by name, and the keys of those that are encrypted with one's own.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

from __future__ import annotations

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.checks import keys
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource


def arn(call: Call, name: str) -> str:
    """Return the ARN of a parameter, by name (without a selector such as `:3`) or ARN."""
    if name.startswith("arn:"):
        return name
    return call.arn(f"parameter/{name.partition(':')[0].lstrip('/')}", "ssm")


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of Systems Manager."""
    if call.name == "DescribeParameters":
        return [Check(call.action, EVERYTHING)]
    names = call.listed("Names")
    if call.name == "GetParametersByPath":
        names = [call.text("Path")]
    elif not names and ("Parameter" in call.name or call.text("ResourceType") == "Parameter"):
        names = [one for one in (call.text("Name", "ResourceId"),) if one]
    found = [Check(call.action, Resource(arn(call, one))) for one in names]
    return [*found, *_encryption(call, store, names)]


def _encryption(call: Call, store: Store, names: list[str]) -> list[Check]:
    if call.name == "PutParameter" and call.text("Type") == "SecureString":
        return keys.use(call, store, "Encrypt", call.text("KeyId"), "ssm")
    if call.name.startswith("GetParameter") and call.params.get("WithDecryption"):
        return [check for name in names for check in of_parameter(call, store, name)]
    return []


def of_parameter(call: Call, store: Store, name: str) -> list[Check]:
    """Return the checks for decrypting a parameter's value."""
    known = store.backend("ssm")._parameters  # moto's getter decrypts
    plain = name.partition(":parameter")[2] if name.startswith("arn:") else name.partition(":")[0]
    for spelt in (plain, plain.removeprefix("/")):
        versions = known.get(spelt) if spelt else None
        if versions:
            return keys.use(call, store, "Decrypt", versions[-1].keyid or "", "ssm")
    return []
