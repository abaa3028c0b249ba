from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as sdk

from drydock.aws.failures import translate, translated
from drydock.errors import CredentialsMissing, DrydockError, OpsError, RegionNotRunning

LOCAL = "http://127.0.0.1:4566"


class _Anything(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "x"


def every_sdk_error() -> list[type[sdk.BotoCoreError]]:
    found: list[type[sdk.BotoCoreError]] = []
    waiting: list[type[sdk.BotoCoreError]] = [sdk.BotoCoreError]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.__subclasses__()
    return found


@pytest.mark.parametrize("kind", every_sdk_error())
def test_no_exception_of_the_sdk_is_left_unmapped(kind: type[sdk.BotoCoreError]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "the SDK's words")
    assert isinstance(translate(error, None), DrydockError)
    assert "the SDK's words" in str(translate(error, None))


@pytest.mark.parametrize(
    "error",
    [
        sdk.NoCredentialsError(),
        sdk.NoRegionError(),
        sdk.ProfileNotFound(profile="work"),
        sdk.UnauthorizedSSOTokenError(),
        sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_missing_credentials_say_how_to_sign_in(error: sdk.BotoCoreError) -> None:
    found = translate(error, None)
    assert isinstance(found, CredentialsMissing)
    assert "aws sso login" in found.remedy


def test_a_local_endpoint_that_does_not_answer_is_a_region_that_does_not_run() -> None:
    error = sdk.EndpointConnectionError(endpoint_url=LOCAL)
    found = translate(error, LOCAL)
    assert isinstance(found, RegionNotRunning)
    assert "drydock region start" in found.remedy
    assert not isinstance(translate(error, None), RegionNotRunning)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredToken", CredentialsMissing),
        ("UnrecognizedClientException", CredentialsMissing),
        ("AccessDenied", OpsError),
        ("ThrottlingException", OpsError),
    ],
)
def test_refusals_keep_awss_words_and_code(code: str, kind: type[DrydockError]) -> None:
    error = sdk.ClientError({"Error": {"Code": code, "Message": "no way"}}, "RunTask")
    with pytest.raises(kind, match=f"no way.*{code}") as caught, translated(None):
        raise error
    assert "RunTask" in str(caught.value)
    assert caught.value.__cause__ is error
