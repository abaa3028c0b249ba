"""A bucket for a load balancer's logs, and its contents."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.support.access_logs import Connection, Request
from tests.support.region import TestRegion


@dataclass(frozen=True)
class LogBucket:
    region: TestRegion
    name: str

    @classmethod
    def create(cls, region: TestRegion, name: str) -> LogBucket:
        """Create a bucket into which ELB may write."""
        region.client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": region.record.region}
        )
        bucket = cls(region, name)
        bucket.allow()
        return bucket

    def allow(self, effect: str = "Allow") -> None:
        """Allow ELB to write, or (`Deny`) forbid it."""
        statement = {
            "Effect": effect,
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{self.name}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.region.client("s3").put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def log(self, balancer: str, kind: str = "access_logs", prefix: str = "") -> None:
        """Turn a load balancer's logs on."""
        wanted = {"enabled": "true", "bucket": self.name, "prefix": prefix}
        self.region.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=balancer,
            Attributes=[
                {"Key": f"{kind}.s3.{key}", "Value": value} for key, value in wanted.items()
            ],
        )

    def keys(self) -> list[str]:
        pages = self.region.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def text(self, key: str) -> str:
        content: Any = self.region.client("s3").get_object(Bucket=self.name, Key=key)["Body"].read()
        text = gzip.decompress(content).decode() if key.endswith(".gz") else content.decode()
        return str(text)

    def requests(self) -> list[Request]:
        """Return every line of every access log, ordered by time."""
        found = [
            Request.parse(line)
            for key in self.keys()
            if key.endswith(".gz") and "conn_log." not in key
            for line in self.text(key).splitlines()
        ]
        return sorted(found, key=lambda one: one.time)

    def connections(self) -> list[Connection]:
        found = [
            Connection.parse(line)
            for key in self.keys()
            if "conn_log." in key
            for line in self.text(key).splitlines()
        ]
        return sorted(found, key=lambda one: one.time)
