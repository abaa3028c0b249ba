"""Whose request it is: the key's place in headers and signed URLs, and who the key belongs to."""

from __future__ import annotations

import gzip
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from moto.core.utils import utcnow

from drydock.region.api.credentials import credentials
from drydock.region.api.operations import identify
from drydock.region.api.store import Store
from drydock.region.iam import principals
from drydock.region.iam.call import read
from tests.support.served import new_store
from tests.unit.region.iam.requests import environ

SCOPE = "20261123/ap-southeast-2/s3/aws4_request"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ("", "")),
        (
            {
                "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=AKIA1/{SCOPE}, Signature=x",
                "HTTP_X_AMZ_SECURITY_TOKEN": "token",
            },
            ("AKIA1", "token"),
        ),
        ({"HTTP_AUTHORIZATION": "AWS AKIA2:signature"}, ("AKIA2", "")),
        (
            {"QUERY_STRING": f"X-Amz-Credential=AKIA3%2F{SCOPE}&X-Amz-Security-Token=t%2F1"},
            ("AKIA3", "t/1"),
        ),
        ({"QUERY_STRING": "AWSAccessKeyId=AKIA4&Signature=x"}, ("AKIA4", "")),
    ],
)
def test_where_the_key_stands(given: dict[str, Any], wanted: tuple[str, str]) -> None:
    assert credentials(given) == wanted


@pytest.fixture(scope="module")
def store() -> Store:
    return new_store()


def test_the_root_nobody_and_a_stranger(store: Store) -> None:
    with store.locked():
        assert principals.caller(store, "root", "", {"root"}).all_powerful
        assert not principals.caller(store, "root", "", {"root"}).anonymous
        assert principals.caller(store, "", "", {"root"}).anonymous
        with pytest.raises(principals.UnknownKeyError):
            principals.caller(store, "AKIASTRANGER", "", {"root"})


def test_a_session_ends(store: Store) -> None:
    with store.changing("sts"):
        iam, sts = store.backend("iam"), store.backend("sts")
        role = iam.create_role(
            role_name="r",
            assume_role_policy_document="{}",
            path="/",
            permissions_boundary=None,
            description="",
            tags=[{"Key": "Team", "Value": "red"}],
            max_session_duration=None,
        )
        session = sts.assume_role(
            region_name=store.region,
            role_session_name="s",
            role_arn=role.arn,
            policy="",
            duration=900,
            external_id="",
        )
        key, token = session.access_key_id, session.session_token
        who = principals.caller(store, key, token, ())
        assert who.arn == f"arn:aws:sts::{store.account_id}:assumed-role/r/s"
        assert who.names == {who.arn, role.arn}
        assert who.context["aws:principaltag/team"] == ("red",)
        assert who.context["aws:principalarn"] == (role.arn,)
        assert who.session is None
        with pytest.raises(principals.UnknownKeyError):
            principals.caller(store, key, "", ())
        session.expiration = utcnow() - timedelta(seconds=1)
        with pytest.raises(principals.ExpiredSessionError):
            principals.caller(store, key, token, ())
        iam.delete_role("r")
        session.expiration = utcnow() + timedelta(seconds=60)
        with pytest.raises(principals.UnknownKeyError):
            principals.caller(store, key, token, ())


def test_a_compressed_body_is_read_and_left_as_it_was(store: Store) -> None:
    asked = environ("secretsmanager", "get_secret_value", SecretId="x")
    packed = gzip.compress(json.dumps({"SecretId": "y"}).encode())
    asked |= {
        "wsgi.input": io.BytesIO(packed),
        "CONTENT_LENGTH": str(len(packed)),
        "HTTP_CONTENT_ENCODING": "gzip",
    }
    call = read(asked, identify(asked), store.account_id, store.region)
    assert call.params == {"SecretId": "y"}
    assert asked["wsgi.input"].read() == packed
