"""Each kind of thing that pickle alone cannot take."""

from __future__ import annotations

import pickle
import threading
from collections import defaultdict
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from drydock.region.api import implementations
from drydock.region.api.saved import pickling
from tests.support.architecture import self_signed
from tests.support.served import new_store


def again(value: Any) -> Any:
    return pickling.loads(pickling.dumps(value))


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "ec", "ed25519"],
)
def test_keys(key: Any) -> None:
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(encoding, form)
    assert again(key).public_key().public_bytes(encoding, form) == public
    assert again(key.public_key()).public_bytes(encoding, form) == public


def test_certificates() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed()[0])
    assert again(certificate) == certificate


def test_motos_own_dictionaries_go_by_name() -> None:
    implementations.install()
    from moto.ecs.models import ecs_backends

    account = new_store().account_id
    assert again(ecs_backends) is ecs_backends
    assert again(ecs_backends[account]) is ecs_backends[account]


def test_inner_functions_go_by_their_place() -> None:
    from moto.ssm.models import SimpleSystemManagerBackend

    before = SimpleSystemManagerBackend("us-east-1", "1" * 12)._resource_tags
    before["Parameter"]["a"]["b"] = "c"
    after = again(before)
    assert after == before
    after["new"]["d"]["e"] = "f"
    assert isinstance(after["new"], defaultdict)


def test_a_closure_is_refused_by_name() -> None:
    words = "x"

    with pytest.raises(pickle.PicklingError, match="is a closure"):
        pickling.dumps(lambda: words)


def test_versions_of_an_s3_key_stay_apart() -> None:
    from moto.s3.utils import _VersionedKeyStore

    store = _VersionedKeyStore()
    store["key"] = "one"
    store["key"] = "two"
    after = again(store)
    assert after.getlist("key") == ["one", "two"]
    assert after["key"] == "two"


def test_locks_are_made_anew() -> None:
    """ECR's backend has one: without this, nothing is saved any more once there is a repository."""
    before = threading.RLock()
    with before:
        after = again(before)
    assert isinstance(after, type(before))
    assert after.acquire(blocking=False)
    assert isinstance(again(threading.Lock()), type(threading.Lock()))
