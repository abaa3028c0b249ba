"""The variables in a container's environmentFiles, read from S3.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
"""

from __future__ import annotations

from collections.abc import Iterable

from moto.s3.exceptions import S3ClientError

from drydock.region.api.store import Store


class FileUnavailableError(Exception):
    """The reason why an environment file cannot be read; never quotes its content."""


def place(arn: str) -> tuple[str, str]:
    """Split an S3 object ARN, `arn:aws:s3:::bucket/folder/app.env`, into bucket and key."""
    bucket, _, key = arn.split(":", 5)[-1].partition("/")
    return bucket, key


def read(store: Store, arns: Iterable[str]) -> dict[str, str]:
    """Read the files' variables; the first file that has one wins. Raises FileUnavailableError."""
    found: dict[str, str] = {}
    for arn in arns:
        bucket, key = place(arn)
        try:
            with store.locked():
                one = store.backend("s3").get_object(bucket, key)
                text = bytes(one.value).decode() if one is not None else None
        except S3ClientError as error:
            raise FileUnavailableError(f"{error.message}: {arn}") from error
        except UnicodeDecodeError as error:
            raise FileUnavailableError(f"{arn} is not UTF-8") from error
        if text is None:
            raise FileUnavailableError(
                f"NoSuchKey: The specified key does not exist.: {arn}: status code: 404"
            )
        found = {**parse(text), **found}
    return found


def parse(text: str) -> dict[str, str]:
    """Parse VARIABLE=VALUE lines. Quotes and spaces belong to the value; # begins a comment line."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): value for name, equals, value in pairs if equals and name.strip()}
