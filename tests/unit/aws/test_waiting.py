from __future__ import annotations

import pytest

from drydock.aws import waiting
from drydock.errors import WaitTimedOut


class FakeTime:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_gives_the_first_thing_that_is_not_nothing() -> None:
    time = FakeTime()
    answers = iter([None, "", "", "here"])
    result = waiting.until(
        lambda: next(answers), what="it", timeout=10, every=2, clock=time.clock, sleep=time.sleep
    )
    assert result == "here"
    assert time.now == 6


def test_a_timeout_says_what_was_waited_for_and_asks_once_more_at_the_end() -> None:
    time = FakeTime()
    asked: list[float] = []

    def never() -> None:
        asked.append(time.now)

    with pytest.raises(WaitTimedOut, match=r"waited for the moon.*5 s"):
        waiting.until(
            never, what="the moon", timeout=5, every=2, clock=time.clock, sleep=time.sleep
        )
    assert asked == [0, 2, 4, 5]
