"""Output of containers: whole lines, in order, the last one before death included."""

from __future__ import annotations

import os
import subprocess
import threading

from drydock.region.dataplane.runtime.output import MAX_LINE, Line, Pump


def collect(script: str) -> list[str]:
    lines: list[Line] = []
    pump = Pump()
    output = pump.open(lines.extend)
    with subprocess.Popen(
        ["sh", "-c", script], stdout=output.writer, stderr=output.writer
    ) as child:
        pump.started(output)
        assert output.ended.wait(10)
        child.wait()
    return [text for _, text in lines]


def test_both_streams_in_the_order_of_writing() -> None:
    assert collect("echo a; echo b >&2; echo c; echo d >&2") == ["a", "b", "c", "d"]


def test_the_last_line_before_death_without_its_end() -> None:
    assert collect("echo first; printf last; kill -9 $$") == ["first", "last"]


def test_nothing_written_is_no_line() -> None:
    assert collect("true") == []
    assert collect("echo; echo x") == ["", "x"]


def test_many_lines_arrive_in_order() -> None:
    assert collect("seq 1 20000") == [str(n) for n in range(1, 20001)]


def test_an_endless_line_is_cut() -> None:
    lines = collect(f"head -c {MAX_LINE * 2 + 10} /dev/zero | tr '\\0' x")
    assert [len(line) for line in lines] == [MAX_LINE, MAX_LINE, 10]


def test_a_long_line_that_comes_at_once_is_cut_too() -> None:
    text = "x" * (MAX_LINE * 2 + 10)
    lines = collect(f"printf '%s\\nshort\\n' {text}")
    assert [len(line) for line in lines] == [MAX_LINE, MAX_LINE, 10, 5]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert collect("printf 'a\\377b\\r\\n'") == ["a�b"]


def test_a_sink_that_fails_stops_nobody_else(caplog: object) -> None:
    pump = Pump()
    good: list[Line] = []
    ended = threading.Event()

    def bad(_lines: object) -> None:
        raise OSError("full")

    first, second = pump.open(bad), pump.open(good.extend)
    os.write(first.writer, b"x\n")
    os.write(second.writer, b"y\n")
    pump.started(first)
    pump.started(second)
    assert first.ended.wait(5)
    assert second.ended.wait(5)
    assert [text for _, text in good] == ["y"]
    ended.set()
