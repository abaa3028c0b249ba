"""A command's words come as they are said, and signals reach it once each."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from drydock.stack.runner import Outcome, capture, run

TRAP = (
    "import os, signal, sys, time\n"
    "count = 0\n"
    "def heard(*_):\n"
    "    global count\n"
    "    count += 1\n"
    "    os.write(1, b'heard %d\\n' % count)\n"
    "    if count == LIMIT: sys.exit(7)\n"
    "signal.signal(signal.SIGINT, heard)\n"
    "os.write(1, b'ready\\n')\n"
    "deadline = time.monotonic() + 30\n"
    "while time.monotonic() < deadline: time.sleep(0.01)\n"
)


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


class Lines(list[str]):
    """Keeps lines; on some of them it sends this process a signal, as a user would."""

    def __init__(self, answers: dict[str, int]) -> None:
        super().__init__()
        self.answers = answers

    def __call__(self, line: str) -> None:
        self.append(line)
        if line in self.answers:
            os.kill(os.getpid(), self.answers[line])


def test_lines_come_in_order_from_both_streams(tmp_path: Path) -> None:
    said: list[str] = []
    text = (
        "import sys, os\n"
        "print('one', flush=True); print('two', file=sys.stderr, flush=True)\n"
        "print(os.environ['GREETING']); print(os.getcwd()); sys.stdout.write('no end'); sys.exit(3)"
    )
    outcome = run(python(text), cwd=tmp_path, env={"GREETING": "hé"}, on_line=said.append)
    assert said == ["one", "two", "hé", str(tmp_path), "no end"]
    assert outcome == Outcome(3, "\n".join(said))


def test_a_line_is_shown_before_the_command_ends(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    said: list[str] = []

    def on_line(line: str) -> None:
        said.append(line)
        if line == "first":
            # Only now does the command go on: without streaming this would never end.
            threading.Thread(target=gate.write_text, args=("go",)).start()

    text = f"print('first', flush=True); open({str(gate)!r}).read(); print('second')"
    run(python(text), cwd=tmp_path, env={}, on_line=on_line)
    assert said == ["first", "second"]


def test_only_with_color_is_there_a_terminal(tmp_path: Path) -> None:
    for color in (False, True):
        said: list[str] = []
        text = "import sys; print(sys.stdout.isatty()); print('x')"
        run(python(text), cwd=tmp_path, env={}, on_line=said.append, color=color)
        assert said == [str(color), "x"]


def test_ctrl_c_is_passed_on_once_and_raised_after_the_end(tmp_path: Path) -> None:
    lines, ends = Lines({"ready": signal.SIGINT}), list[Outcome]()
    trap = python(TRAP.replace("LIMIT", "1"))
    with pytest.raises(KeyboardInterrupt):
        run(trap, cwd=tmp_path, env={}, on_line=lines, on_end=ends.append)
    assert lines[:2] == ["ready", "heard 1"]
    assert "heard 2" not in lines
    assert [end.code for end in ends] == [7]
    assert not ends[0].cut_short
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_is_passed_on_and_the_third_kills(tmp_path: Path) -> None:
    lines, ends = (
        Lines(dict.fromkeys(["ready", "heard 1", "heard 2"], signal.SIGINT)),
        list[Outcome](),
    )
    trap = python(TRAP.replace("LIMIT", "9"))
    with pytest.raises(KeyboardInterrupt):
        run(trap, cwd=tmp_path, env={}, on_line=lines, on_end=ends.append)
    assert lines[:3] == ["ready", "heard 1", "heard 2"]
    assert ends[0].code == -signal.SIGKILL
    assert ends[0].cut_short


def test_other_signals_end_terraform_as_gently(tmp_path: Path) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        lines = Lines({"ready": signal.SIGTERM})
        trap = python(TRAP.replace("LIMIT", "1"))
        outcome = run(trap, cwd=tmp_path, env={}, on_line=lines)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert outcome.code == 7
    assert "heard 1" in lines
    assert received == [signal.SIGTERM]


def test_terraforms_own_word_of_a_forced_end_counts() -> None:
    assert Outcome(1, "x\nTwo interrupts received. Exiting immediately.").cut_short
    assert not Outcome(1, "Error: no").cut_short


def test_a_phrase_is_found_through_colours_frames_and_line_breaks() -> None:
    text = "\x1b[31m│\x1b[0m \x1b[1mTwo interrupts\n│ received.\x1b[0m Exiting"
    assert Outcome(1, text).words == "Two interrupts received. Exiting"
    assert Outcome(1, text).cut_short


def test_a_failing_callback_does_not_leave_the_command_behind(tmp_path: Path) -> None:
    marker = tmp_path / "ended"

    def on_line(line: str) -> None:
        raise BrokenPipeError

    text = TRAP.replace("sys.exit(7)", f"open({str(marker)!r}, 'w').close(); sys.exit(7)")
    with pytest.raises(BrokenPipeError):
        run(python(text.replace("LIMIT", "1")), cwd=tmp_path, env={}, on_line=on_line)
    assert marker.exists()


def test_the_process_is_told_before_its_first_line(tmp_path: Path) -> None:
    told: list[object] = []
    text = "import os; print(os.getpid())"
    run(python(text), cwd=tmp_path, env={}, on_line=told.append, on_start=told.append)
    assert told[1] == str(told[0])


def test_capture_gives_the_output_or_the_error(tmp_path: Path) -> None:
    good = capture(["sh", "-c", "echo out; echo err >&2"], cwd=tmp_path, env={})
    bad = capture(["sh", "-c", "echo out; echo err >&2; exit 2"], cwd=tmp_path, env={})
    assert good == Outcome(0, "out\n")
    assert bad == Outcome(2, "err\n")
