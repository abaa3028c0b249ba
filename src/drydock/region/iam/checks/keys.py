"""KMS and Secrets Manager: keys and secrets, with their policies.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check, Grant
from drydock.region.iam.matching import EVERYTHING, Resource
from drydock.region.iam.policy import Policy, parse

log = logging.getLogger(__name__)

_KMS_WITHOUT = frozenset({"CreateKey", "ListKeys", "ListAliases", "GenerateRandom"})
_SECRETS_WITHOUT = frozenset({"ListSecrets", "GetRandomPassword", "BatchGetSecretValue"})
_READING = frozenset({"GetSecretValue"})
_WRITING = frozenset({"CreateSecret", "PutSecretValue", "UpdateSecret"})


def policy_of(document: str | None, whose: str) -> Policy | None:
    """Return a resource's parsed policy; one that cannot be parsed has no statements."""
    if not document:
        return None
    try:
        return parse(document)
    except ValueError:
        log.warning("the policy of %s can't be read", whose)
        return Policy(())


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a KMS call. Empty: any resource of KMS."""
    if call.name in _KMS_WITHOUT:
        return [Check(call.action, EVERYTHING)]
    given = call.text("KeyId", "TargetKeyId")
    context: dict[str, tuple[str, ...]] = {}
    if ":alias/" in given or given.startswith("alias/"):
        context["kms:requestalias"] = (f"alias/{given.partition('alias/')[2]}",)
    encryption = call.params.get("EncryptionContext")
    if isinstance(encryption, dict) and encryption:
        for key, value in encryption.items():
            context[f"kms:encryptioncontext:{key.lower()}"] = (str(value),)
        context["kms:encryptioncontextkeys"] = tuple(encryption)
    found = []
    alias = call.text("AliasName")
    if alias:
        found.append(Check(call.action, Resource(call.arn(alias))))
        given = given or alias
    if given:
        found.append(_key(call, store, call.action, given, context))
    return found


def _key(
    call: Call, store: Store, action: str, given: str, context: dict[str, tuple[str, ...]]
) -> Check:
    key = find(store, given)
    if key is None:
        name = _id(store, given) or given
        arn = given if given.startswith("arn:") else call.arn(f"key/{name}", "kms")
        return Check(action, Resource(arn), context)
    return check(store, key, action, context)


def check(
    store: Store, key: Any, action: str, context: Mapping[str, tuple[str, ...]] | None = None
) -> Check:
    """Return the check of an action on an existing key, whose own policy must allow it."""
    aliases = tuple(key.aliases)
    context = {**(context or {}), "kms:calleraccount": (store.account_id,)}
    if aliases:
        context["kms:resourcealiases"] = aliases
    policy = policy_of(key.policy, key.arn)
    return Check(action, Resource(key.arn), context, policy or Policy(()), Grant.KEY)


def find(store: Store, given: str) -> Any:
    """Find a key by id, ARN, alias or alias's ARN; None: there is none."""
    return store.backend("kms").keys.get(_id(store, given))


def is_of_aws(store: Store, given: str) -> bool:
    """Return whether it is a key that AWS manages, such as `alias/aws/sns`."""
    key = find(store, given)
    return "alias/aws/" in given or any(
        alias.startswith("alias/aws/") for alias in (key.aliases if key is not None else ())
    )


def _id(store: Store, given: str) -> str:
    """Return a key's id, by id, ARN, alias or alias's ARN, without creating AWS's own aliases."""
    if "alias/" not in given:
        return given.rpartition("key/")[2]
    name = f"alias/{given.partition('alias/')[2]}"
    keys = store.backend("kms").keys.items()
    return next((key_id for key_id, key in keys if name in key.aliases), "")


def use(call: Call, store: Store, action: str, given: str, service: str) -> list[Check]:
    """Return the checks for `service` to use a key for the caller; none for AWS's own keys."""
    if not given or is_of_aws(store, given) or find(store, given) is None:
        return []
    via: dict[str, tuple[str, ...]] = {
        "kms:viaservice": (f"{service}.{call.region}.amazonaws.com",)
    }
    return [_key(call, store, f"kms:{action}", given, via)]


def secret_checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a Secrets Manager call. Empty: any secret."""
    if call.name in _SECRETS_WITHOUT:
        named = call.listed("SecretIdList") if call.name == "BatchGetSecretValue" else []
        values = [
            check
            for one in named
            for check in of_secret(call, store, "secretsmanager:GetSecretValue", one)
        ]
        return [Check(call.action, EVERYTHING), *values]
    given = call.text("SecretId") or (call.text("Name") if call.name == "CreateSecret" else "")
    if not given:
        return []
    found = of_secret(call, store, call.action, given)
    if call.name in _WRITING and call.text("KmsKeyId"):
        found += use(call, store, "GenerateDataKey", call.text("KmsKeyId"), "secretsmanager")
        found += use(call, store, "Decrypt", call.text("KmsKeyId"), "secretsmanager")
    return found


def of_secret(call: Call, store: Store, action: str, given: str) -> list[Check]:
    """Return the checks of an action on a secret by name or ARN, with those of the secret's key."""
    secret = store.backend("secretsmanager").secrets.get(given)
    if secret is None:
        arn = given if given.startswith("arn:") else call.arn(f"secret:{given}", "secretsmanager")
        return [Check(action, Resource(arn), {"secretsmanager:name": (given,)})]
    context: dict[str, tuple[str, ...]] = {"secretsmanager:secretid": (secret.arn,)}
    for tag in getattr(secret, "tags", None) or ():
        for prefix in ("aws", "secretsmanager"):
            context[f"{prefix}:resourcetag/{tag['Key'].lower()}"] = (str(tag["Value"]),)
    stage = call.text("VersionStage") or "AWSCURRENT"
    context["secretsmanager:versionstage"] = (stage,)
    policy = policy_of(getattr(secret, "policy", None), secret.arn)
    name = action.partition(":")[2]
    found = [Check(action, Resource(secret.arn), context, policy)]
    key = str(getattr(secret, "kms_key_id", None) or "")
    if name in _READING:
        found += use(call, store, "Decrypt", key, "secretsmanager")
    elif name in _WRITING:
        found += use(call, store, "GenerateDataKey", key, "secretsmanager")
    return found
