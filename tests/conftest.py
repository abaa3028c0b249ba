"""What holds for all tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Terraform's first: they wait for their provider, and meanwhile the other workers do the rest."""
    items.sort(key=lambda item: item.get_closest_marker("terraform") is None)
