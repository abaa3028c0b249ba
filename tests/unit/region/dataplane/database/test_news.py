"""What a log has new: whole lines, each once, also when the log is another one."""

from __future__ import annotations

from pathlib import Path

from drydock.region.dataplane.database import log_tail


def test_lines_are_told_once_and_when_they_are_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert log_tail.since(log, 0) == ("", 0)
    log.write_text("one\ntw")
    assert log_tail.since(log, 0) == ("one\n", 4)
    assert log_tail.since(log, 4) == ("", 4)
    log.write_text("one\ntwo\n")
    assert log_tail.since(log, 4) == ("two\n", 8)
    assert log_tail.since(log, 8) == ("", 8)


def test_another_log_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("new\n")
    assert log_tail.since(log, 100) == ("new\n", 4)


def test_a_line_without_an_end_holds_nothing_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * (1 << 20) + "yz\nnext\n")
    text, start = log_tail.since(log, 0)
    assert (text, start) == ("x" * (1 << 20), 1 << 20)
    assert log_tail.since(log, start)[0] == "yz\nnext\n"
    assert log_tail.latest(log) == log.stat().st_size - (1 << 20)
