"""Tags of CreateBucket, which moto 5.2.5 forgets.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.responses import S3Response

from drydock.region.api.validation import xmls

_ROOT = "CreateBucketConfiguration"


class BucketResponses(S3Response):
    """CreateBucket with `Tags`."""

    def _bucket_response_put(
        self, request: Any, bucket_name: str, querystring: dict[str, Any]
    ) -> Any:
        answer = super()._bucket_response_put(request, bucket_name, querystring)
        if not querystring and self.body and _ROOT.encode() in self.body:
            listed = xmls.parse(self.body).findall("Tags/Tag")
            if listed:
                tags = {str(one.findtext("Key")): one.findtext("Value") or "" for one in listed}
                self.backend.put_bucket_tagging(bucket_name, tags)
        return answer
