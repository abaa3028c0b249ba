"""S3: actions by method and sub-resource, on the bucket or the object, with the bucket's policy.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.s3.responses import S3Response
from moto.s3.utils import bucket_name_from_url

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.checks.keys import policy_of, use
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource
from drydock.region.iam.policy import Policy

_BUCKET = {
    "acl": "BucketAcl", "accelerate": "AccelerateConfiguration",
    "analytics": "AnalyticsConfiguration", "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration", "inventory": "InventoryConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "lifecycle": "LifecycleConfiguration", "location": "BucketLocation",
    "logging": "BucketLogging", "metrics": "MetricsConfiguration",
    "notification": "BucketNotification", "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls", "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus", "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration", "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging", "versioning": "BucketVersioning", "website": "BucketWebsite",
}  # fmt: skip
"""Sub-resource → the resource that Get… reads and Put… changes."""
_LISTS = {"uploads": "ListBucketMultipartUploads", "versions": "ListBucketVersions"}
_DELETED = frozenset({"policy", "website"})
"""Sub-resources with a separate action for their removal; for others it is a Put."""
_OBJECT = {"acl": "Acl", "tagging": "Tagging", "retention": "Retention", "legal-hold": "LegalHold",
           "attributes": "Attributes", "torrent": "Torrent"}  # fmt: skip
_VERSIONED = frozenset({"acl", "tagging", "attributes", "torrent"})
_LARGEST_LIST = 4 * 1024 * 1024


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call; never empty."""
    environ = call.environ
    method = str(environ.get("REQUEST_METHOD", "GET"))
    query = dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True))
    bucket, key = place(environ)
    if not bucket:
        return [Check("s3:ListAllMyBuckets", EVERYTHING)]
    needs = Needs(call, store, query)
    if not key:
        needs.of_bucket(bucket, method)
    else:
        needs.of_object(bucket, key, method)
    return needs.found


def place(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return bucket and key, also with the bucket in the host's name, as moto reads them."""
    path = str(environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace")
    host = str(environ.get("HTTP_HOST", ""))
    url = f"http://{host}{path}"
    request = SimpleNamespace(headers={"host": host}, url=url)
    if S3Response.subdomain_based_buckets(request):
        return bucket_name_from_url(url) or "", path.removeprefix("/")
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key


class Needs:
    """Collects the checks of one request."""

    def __init__(self, call: Call, store: Store, query: Mapping[str, str]) -> None:
        self.found: list[Check] = []
        self._call = call
        self._store = store
        self._query = query
        self._context = _context(call, query)

    def of_bucket(self, bucket: str, method: str) -> None:
        if method == "POST" and "delete" in self._query:
            for key in _deleted(self._call):
                self._add("DeleteObject", bucket, key)
            return
        if method == "POST":
            self._add("PutObject", bucket, "*")
            return
        self._add(_bucket_action(method, self._query), bucket)
        if method == "PUT" and self._call.header("x-amz-acl") and not self._sub(_BUCKET):
            self._add("PutBucketAcl", bucket)

    def of_object(self, bucket: str, key: str, method: str) -> None:
        name = _object_action(method, self._query)
        self._add(name, bucket, key)
        thing = self._object(bucket, key)
        if name in {"GetObject", "GetObjectVersion"}:
            if thing is None:
                # AWS reports a missing key only to callers who may list the bucket
                self._add("ListBucket", bucket)
            else:
                self._key("Decrypt", getattr(thing, "encryption", ""), thing.kms_key_id)
        if name == "PutObject" and method == "PUT":
            self._put(bucket, key)

    def _put(self, bucket: str, key: str) -> None:
        source = unquote(self._call.header("x-amz-copy-source")).lstrip("/")
        if source:
            there, _, what = source.partition("?")[0].partition("/")
            self._add("GetObject", there, what)
        if self._call.header("x-amz-acl"):
            self._add("PutObjectAcl", bucket, key)
        if self._call.header("x-amz-tagging"):
            self._add("PutObjectTagging", bucket, key)
        algorithm, given = self._encryption(bucket)
        self._key("GenerateDataKey", algorithm, given)

    def _encryption(self, bucket: str) -> tuple[str, str]:
        """Return the encryption and the key in the request, or else the bucket's default."""
        header = "x-amz-server-side-encryption"
        if said := self._call.header(header):
            return said, self._call.header(f"{header}-aws-kms-key-id")
        record = self._store.backend("s3").buckets.get(bucket)
        rule = ((record.encryption if record else None) or {}).get("Rule") or {}
        rules = rule if isinstance(rule, list) else [rule]
        default = (rules[0] if rules else {}).get("ApplyServerSideEncryptionByDefault") or {}
        return default.get("SSEAlgorithm") or "", default.get("KMSMasterKeyID") or ""

    def _key(self, action: str, algorithm: str | None, given: str | None) -> None:
        if algorithm and algorithm.startswith("aws:kms"):
            self.found += use(self._call, self._store, action, given or "", "s3")

    def _object(self, bucket: str, key: str) -> Any:
        record = self._store.backend("s3").buckets.get(bucket)
        return record.keys.get(key) if record is not None else None

    def _add(self, name: str, bucket: str, key: str = "") -> None:
        arn = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
        policy = bucket_policy(self._store, bucket)
        self.found.append(Check(f"s3:{name}", Resource(arn), self._context, policy))

    def _sub(self, known: Mapping[str, str]) -> str:
        return next((one for one in known if one in self._query), "")


def bucket_policy(store: Store, bucket: str) -> Policy | None:
    record = store.backend("s3").buckets.get(bucket)
    document = record.policy if record is not None else None
    text = document.decode() if isinstance(document, bytes) else document
    return policy_of(text, bucket)


def _bucket_action(method: str, query: Mapping[str, str]) -> str:
    sub = next((one for one in _BUCKET if one in query), "")
    if method in {"GET", "HEAD"}:
        listing = next((name for one, name in _LISTS.items() if one in query), "ListBucket")
        return f"Get{_BUCKET[sub]}" if sub else listing
    if method == "PUT":
        return f"Put{_BUCKET[sub]}" if sub else "CreateBucket"
    if not sub:
        return "DeleteBucket"
    return f"Delete{_BUCKET[sub]}" if sub in _DELETED else f"Put{_BUCKET[sub]}"


def _object_action(method: str, query: Mapping[str, str]) -> str:
    sub = next((one for one in _OBJECT if one in query), "")
    of_version = "Version" if query.get("versionId") and (not sub or sub in _VERSIONED) else ""
    if method in {"GET", "HEAD"}:
        if "uploadId" in query:
            return "ListMultipartUploadParts"
        return f"GetObject{of_version}{_OBJECT.get(sub, '')}"
    if method == "PUT":
        return f"PutObject{of_version if sub else ''}{_OBJECT.get(sub, '')}"
    if method == "DELETE":
        if "uploadId" in query:
            return "AbortMultipartUpload"
        return f"DeleteObject{of_version}{_OBJECT.get(sub, '')}"
    if "restore" in query:
        return "RestoreObject"
    return "GetObject" if "select" in query else "PutObject"


def _context(call: Call, query: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {
        "s3:authtype": ("REST-HEADER",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
    }
    if "X-Amz-Credential" in query:
        context["s3:authtype"] = ("REST-QUERY-STRING",)
    for name in ("prefix", "delimiter", "max-keys", "versionId"):
        if name in query:
            context[f"s3:{name.lower()}"] = (query[name],)
    for name in (
        "x-amz-acl", "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-copy-source",
        "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-metadata-directive",
    ):  # fmt: skip
        if value := call.header(name):
            context[f"s3:{name}"] = (value,)
    return context


def _deleted(call: Call) -> list[str]:
    """Return the keys of a DeleteObjects; a list that cannot be read counts as every key."""
    environ = call.environ
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _LARGEST_LIST:
        return ["*"]
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    found = re.findall(r"<Key>([^<]*)</Key>", body.decode("utf-8", "replace"))
    return [_text(one) for one in found] or ["*"]


def _text(escaped: str) -> str:
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        escaped = escaped.replace(entity, char)
    return re.sub(r"&#(\d+);", lambda m: chr(int(m[1])), escaped).replace("&amp;", "&")
