"""Translate botocore's exceptions into Drydock's. None leaves `ops` untranslated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from botocore import exceptions as sdk

from drydock.errors import CredentialsMissing, DrydockError, OpsError, RegionNotRunning

_NO_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.NoRegionError,
    sdk.ProfileNotFound,
    sdk.ConfigNotFound,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.SSOError,
)
_UNREACHABLE = (sdk.ConnectionError, sdk.HTTPClientError)
_BAD_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_FORBIDDEN = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
)


@contextmanager
def translated(endpoint: str | None) -> Iterator[None]:
    """Run a block that calls the SDK; raise its exceptions as DrydockErrors."""
    try:
        yield
    except (sdk.BotoCoreError, sdk.ClientError) as error:
        raise translate(error, endpoint) from error


def translate(error: sdk.BotoCoreError | sdk.ClientError, endpoint: str | None) -> DrydockError:
    """Return the DrydockError for a botocore exception. `endpoint` is the API's URL, None for AWS."""
    if isinstance(error, sdk.ClientError):
        return _refused(error)
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsMissing(
            "AWS",
            str(error),
            "sign in (aws sso login), or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
        )
    if isinstance(error, _UNREACHABLE):
        return _unreachable(error, endpoint)
    return OpsError("the AWS SDK", str(error))


def code(error: sdk.ClientError) -> str:
    """Return the API's error code, such as `ResourceNotFoundException`."""
    return error.response.get("Error", {}).get("Code", "")


def _refused(error: sdk.ClientError) -> DrydockError:
    detail = error.response.get("Error", {})
    name = detail.get("Code", "")
    text = detail.get("Message", "") or str(error)
    if name in _BAD_CREDENTIALS:
        return CredentialsMissing(
            f"AWS refused {error.operation_name}",
            f"{text} ({name})",
            "renew the credentials (aws sso login), and check with: aws sts get-caller-identity",
        )
    remedy = ""
    if name in _FORBIDDEN:
        remedy = f"allow the action of {error.operation_name} to the caller's role, then try again"
    return OpsError(f"{error.operation_name} failed", f"{text} ({name})", remedy)


def _unreachable(error: sdk.BotoCoreError, endpoint: str | None) -> DrydockError:
    host = urlsplit(endpoint or "").hostname
    if host in {"127.0.0.1", "localhost", "::1"}:
        return RegionNotRunning(
            f"the local region at {endpoint}", "it does not answer", "drydock region start"
        )
    return OpsError("AWS cannot be reached", str(error), "check the network, and try again")
