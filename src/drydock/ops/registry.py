"""The account's ECR registry: its address, and a login that lasts twelve hours.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError, ResourceMissing

_REPOSITORY = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<domain>[a-z.]+)/(?P<name>.+)"
)


@dataclass(frozen=True)
class Login:
    """Host, user and password for a registry. Its repr omits the password."""

    host: str
    user: str
    password: str = field(repr=False)


def login(clients: Clients) -> Login:
    """Request a password. Raises OpsError: AWS refuses, or returns none."""
    with translated(clients.endpoint):
        found = clients.ecr.get_authorization_token()["authorizationData"]
    if not found:
        raise OpsError("ECR", "it gave no authorisation", "try again")
    user, _, password = base64.b64decode(found[0]["authorizationToken"]).decode().partition(":")
    endpoint = found[0]["proxyEndpoint"]
    return Login(urlsplit(endpoint).netloc or endpoint, user, password)


def repository_uri(clients: Clients, name: str) -> str:
    """Return a repository's URI. Raises ResourceMissing: there is no such repository."""
    with translated(clients.endpoint):
        try:
            found = clients.ecr.describe_repositories(repositoryNames=[name])["repositories"]
        except ClientError as error:
            if code(error) != "RepositoryNotFoundException":
                raise
            found = []
    if not found:
        raise ResourceMissing(
            f"the ECR repository {name}",
            "it is not there",
            "`DIR=infra/repository make init plan apply` makes it; or name another with --repository",
        )
    return str(found[0]["repositoryUri"])


def digest_of(clients: Clients, name: str, tag: str) -> str:
    """Return the digest that ECR has under a tag, as `sha256:…`; empty if there is no such tag."""
    with translated(clients.endpoint):
        try:
            found = clients.ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if code(error) != "ImageNotFoundException":
                raise
            return ""
    return str(found["imageDetails"][0]["imageDigest"])


def name_of(uri: str) -> str:
    """Return the repository's name from its URI. Pure."""
    found = _REPOSITORY.fullmatch(uri)
    return found["name"] if found else uri.partition("/")[2]
