"""S3: buckets, and objects whose bodies are files (`api/bulk`)."""

from drydock.region.services.s3.operations.backend import Backend, Bucket
from drydock.region.services.s3.operations.objects import Object

__all__ = ["Backend", "Bucket", "Object"]
