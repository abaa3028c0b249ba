"""S3: bodies in files (`api/bulk`), and a bucket's policy without what moto cannot judge."""

from drydock.region.api.gaps.s3.backend import Backend, Bucket, install
from drydock.region.api.gaps.s3.objects import Object

__all__ = ["Backend", "Bucket", "Object", "install"]
