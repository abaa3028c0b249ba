"""STS: assuming a role requires the role's trust policy to allow it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
"""

from __future__ import annotations

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.checks.keys import policy_of
from drydock.region.iam.evaluate import Check, Grant
from drydock.region.iam.matching import Resource
from drydock.region.iam.policy import Policy


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of STS.

    A missing role has an empty trust policy.
    """
    if not call.name.startswith("AssumeRole"):
        return []
    context: dict[str, tuple[str, ...]] = {}
    if external := call.text("ExternalId"):
        context["sts:externalid"] = (external,)
    if session := call.text("RoleSessionName"):
        context["sts:rolesessionname"] = (session,)
    role = call.text("RoleArn")
    tagging = [trust(store, role, "sts:TagSession", context)] if call.tags() else []
    return [trust(store, role, call.action, context), *tagging]


def trust(
    store: Store, role_arn: str, action: str, context: dict[str, tuple[str, ...]] | None = None
) -> Check:
    """Return the check that a role may be assumed."""
    roles = store.backend("iam").roles.values()
    document = next((one.assume_role_policy_document for one in roles if one.arn == role_arn), None)
    policy = policy_of(document, role_arn) or Policy(())
    return Check(action, Resource(role_arn), context or {}, policy, Grant.TRUST)
