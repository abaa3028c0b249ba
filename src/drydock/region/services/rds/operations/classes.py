"""Sizes of instance classes. Pure."""

from __future__ import annotations

SERVERLESS = "db.serverless"
_SIZES = ("micro", "small", "medium", "large", "xlarge")


def size(instance_class: str) -> int:
    """Return a number that orders instance classes: db.r6g.2xlarge is larger than db.r6g.large."""
    word = instance_class.rpartition(".")[2]
    times = word.removesuffix("xlarge")
    if word.endswith("xlarge") and times.isdigit():
        return len(_SIZES) + int(times)
    return _SIZES.index(word) if word in _SIZES else 0


def vcpus(instance_class: str) -> int:
    """Return the vCPUs of a provisioned class. https://aws.amazon.com/rds/instance-types/"""
    larger = size(instance_class) - len(_SIZES)
    if larger > 0:
        return 4 * larger
    return 4 if instance_class.endswith(".xlarge") else 2


def memory(instance_class: str) -> int:
    """Return the bytes of a provisioned class: 8 GiB a vCPU for memory classes, else 4; less for
    small ones.
    """
    family, word = instance_class.split(".")[1][:1], instance_class.rpartition(".")[2]
    small = {"micro": 1, "small": 2, "medium": 4}.get(word)
    return (small or vcpus(instance_class) * (8 if family in "rx" else 4)) << 30
