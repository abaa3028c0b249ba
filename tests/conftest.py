"""What holds for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from pytest_rerunfailures import suspended_finalizers

from drydock.region.daemon import services

services.use()

# A shell's background job ignores SIGINT, and so would every program that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ports that tests' regions remember are not the developer's to see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Terraform's first: they wait for their provider, and meanwhile the other workers do the rest."""
    items.sort(key=lambda item: item.get_closest_marker("terraform") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A second attempt starts from nothing: what the first left in its region would fail it too."""
    if getattr(item, "execution_count", 1) > 1:
        item.session._setupstate.stack.update(suspended_finalizers)
        suspended_finalizers.clear()
        item.session._setupstate.teardown_exact(None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the first attempt of a test met is told too, though a second one passed."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_sep("_", f"first attempt of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
