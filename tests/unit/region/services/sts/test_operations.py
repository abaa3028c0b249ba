"""Who a caller is."""

from __future__ import annotations

import boto3

from tests.support.served import REGION, Served


def test_a_key_of_no_user_is_the_root_users(served: Served) -> None:
    found = served.client("sts").get_caller_identity()
    account = served.store.account_id
    assert (found["Arn"], found["UserId"]) == (f"arn:aws:iam::{account}:root", account)


def test_a_user_is_named_whatever_the_name(served: Served) -> None:
    """moto calls the holder of an unknown key user/moto: a user may have that name too."""
    iam = served.client("iam")
    user = iam.create_user(UserName="moto")["User"]
    key = iam.create_access_key(UserName="moto")["AccessKey"]
    sts = boto3.client(
        "sts",
        endpoint_url=served.url,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert sts.get_caller_identity()["Arn"] == user["Arn"]
