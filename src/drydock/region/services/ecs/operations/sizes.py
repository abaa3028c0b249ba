"""The valid sizes of a Fargate task."""

from __future__ import annotations

import re

from moto.ecs.exceptions import EcsClientException

_MEMORY: dict[int, list[int]] = {
    256: [512, 1024, 2048],
    512: list(range(1024, 4096 + 1, 1024)),
    1024: list(range(2048, 8192 + 1, 1024)),
    2048: list(range(4096, 16384 + 1, 1024)),
    4096: list(range(8192, 30720 + 1, 1024)),
    8192: list(range(16384, 61440 + 1, 4096)),
    16384: list(range(32768, 122880 + 1, 8192)),
}
"""MiB for each CPU size (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html)."""


def fargate(cpu: str, memory: str) -> tuple[str, str]:
    """Return a size in CPU units and MiB. Raises ClientException for a size that does not exist."""
    units, mebibytes = cpu_units(cpu), memory_mib(memory)
    if mebibytes not in _MEMORY.get(units, []):
        raise EcsClientException(
            f"No Fargate configuration exists for given values: {units} CPU, {mebibytes} memory. See "
            "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html "
            "for valid values."
        )
    return str(units), str(mebibytes)


def cpu_units(value: str) -> int:
    """Parse CPU units: "256" and ".25 vCPU" are 256. Raises ClientException."""
    return _plain(value, "vCPU")


def memory_mib(value: str) -> int:
    """Parse memory in MiB: "512" and "0.5 GB" are 512. Raises ClientException."""
    return _plain(value, "GB")


def _plain(value: str, unit: str) -> int:
    match = re.fullmatch(rf"\s*([0-9]*\.?[0-9]+)\s*({unit})?\s*", str(value), re.IGNORECASE)
    if match is None:
        raise EcsClientException(
            f"Invalid '{'cpu' if unit == 'vCPU' else 'memory'}' setting for task."
        )
    return int(float(match[1]) * 1024) if match[2] else int(float(match[1]))
