"""A bucket's default encryption with the encryption types that it blocks, which moto 5.2.5 forgets.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response


class EncryptionResponses(S3Response):
    """GetBucketEncryption with `BlockedEncryptionTypes`, as they were put."""

    def get_bucket_encryption(self) -> Any:
        answer = super().get_bucket_encryption()
        encryption = self.backend.get_bucket_encryption(self.bucket_name) or {}
        rule = encryption.get("Rule") or {}
        blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType")
        if not blocked:
            return answer
        shown = {
            "ApplyServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
            "BucketKeyEnabled": str(rule.get("BucketKeyEnabled")).lower() == "true",
            "BlockedEncryptionTypes": {
                "EncryptionType": blocked if isinstance(blocked, list) else [blocked]
            },
        }
        result = {"ServerSideEncryptionConfiguration": {"Rules": [shown]}}
        return self.serialized(ActionResult(result))
