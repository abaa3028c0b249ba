"""AssumeRoleWithWebIdentity: the caller is the subject of an OpenID Connect provider's token.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
The token's signature is not checked: the region cannot fetch its provider's keys.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Caller
from drydock.region.iam.principals import anonymous

ACTION = "sts:AssumeRoleWithWebIdentity"
REFUSED = f"Not authorized to perform {ACTION}"
"""The whole of AWS's message."""


def caller(store: Store, call: Call) -> Caller:
    """Return the caller; anonymous, if the account has no such provider or the audience does not
    match.
    """
    claims = _claims(call.text("WebIdentityToken"))
    issuer = str(claims.get("iss", "")).partition("://")[2].rstrip("/")
    audience = _texts(claims.get("aud"))
    for arn, provider in store.backend("iam").open_id_providers.items():
        known = set(provider.client_id_list or ())
        if issuer and provider.url.rstrip("/") == issuer and known.intersection(audience):
            keys = {f"{issuer}:{name}".lower(): _texts(value) for name, value in claims.items()}
            context = {**keys, "aws:federatedprovider": (arn,)}
            return Caller(
                arn, store.account_id, frozenset({arn}), context=context, kind="Federated"
            )
    return anonymous(store)


def _claims(token: str) -> dict[str, Any]:
    """Return the claims in the middle part of a JSON Web Token; empty if it is invalid."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in (value if isinstance(value, list) else [value]))
