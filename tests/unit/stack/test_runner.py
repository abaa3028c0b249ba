"""A command's words come as they are said, and signals reach it once each."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.errors import StackError
from drydock.stack.runfiles import RunFiles
from drydock.stack.runner import Outcome, capture, follow, request, run
from tests.support.region import is_alive
from tests.support.waiting import eventually

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


def begin(
    folder: Path, argv: list[str], *, color: bool = False, watch: str = "", cwd: Path | None = None
) -> RunFiles:
    """The files of a run that is about to be started."""
    wanted = request("apply", argv, cwd=cwd or folder, color=color, watch=watch)
    return RunFiles.begin(folder / "runs", wanted)


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """As in a terminal: a shell's background job would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
    files = begin(tmp_path, python(text))
    outcome = run(files, env={"GREETING": "hé"}, on_line=said.append)
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
    run(begin(tmp_path, python(text)), env={}, on_line=on_line)
    assert said == ["first", "second"]


def test_only_with_color_is_there_a_terminal(tmp_path: Path) -> None:
    for color in (False, True):
        said: list[str] = []
        text = "import sys; print(sys.stdout.isatty()); print('x')"
        run(begin(tmp_path, python(text), color=color), env={}, on_line=said.append)
        assert said == [str(color), "x"]


def test_ctrl_c_is_passed_on_once_and_raised_after_the_end(tmp_path: Path) -> None:
    lines, ends = Lines({"ready": signal.SIGINT}), list[Outcome]()
    trap = python(TRAP.replace("LIMIT", "1"))
    with pytest.raises(KeyboardInterrupt):
        run(begin(tmp_path, trap), env={}, on_line=lines, on_end=ends.append)
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
        run(begin(tmp_path, trap), env={}, on_line=lines, on_end=ends.append)
    assert lines[:3] == ["ready", "heard 1", "heard 2"]
    assert ends[0].code == -signal.SIGKILL
    assert ends[0].cut_short


def test_other_signals_end_terraform_as_gently(tmp_path: Path) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        lines = Lines({"ready": signal.SIGTERM})
        trap = python(TRAP.replace("LIMIT", "1"))
        outcome = run(begin(tmp_path, trap), env={}, on_line=lines)
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


def test_a_reader_that_is_gone_does_not_end_the_command(tmp_path: Path) -> None:
    said: list[str] = []

    def on_line(line: str) -> None:
        said.append(line)
        raise BrokenPipeError

    text = "print('one', flush=True); print('two', flush=True); raise SystemExit(3)"
    files = begin(tmp_path, python(text))
    outcome = run(files, env={}, on_line=on_line)
    assert outcome == Outcome(3, "one\ntwo")
    assert said == ["one"]
    assert files.shown == 0, "the next command shows all of it"


CALLER = """
import os, signal, sys
from pathlib import Path
from drydock.stack.runfiles import RunFiles
from drydock.stack.runner import request, run
signal.signal(signal.SIGHUP, signal.SIG_DFL)
text = (
    "import os, sys\\nprint('begun', os.getpid(), flush=True)\\n"
    "open(sys.argv[1]).read()\\nprint('done', flush=True); sys.exit(5)"
)
color = sys.argv[3] == "color"
argv = [sys.executable, "-c", text, sys.argv[2]]
files = RunFiles.begin(Path(sys.argv[1]), request("apply", argv, cwd=Path("/"), color=color))
run(files, env=os.environ, on_line=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("color", ["color", "plain"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_the_command_outlives_who_began_it_and_another_takes_it_up(
    tmp_path: Path, number: int, color: str
) -> None:
    gate, runs = tmp_path / "gate", tmp_path / "runs"
    os.mkfifo(gate)
    argv = [sys.executable, "-c", CALLER, str(runs), str(gate), color]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout is not None
        begun = caller.stdout.readline().split()
        [folder] = runs.iterdir()
        files = RunFiles(folder)
        eventually(lambda: files.shown, "what was shown is noted")
        os.kill(caller.pid, number)
        assert caller.wait(30) == -number
    assert files.is_alive()
    assert (begun[0], int(begun[1])) == ("begun", files.pid)
    assert f"`apply` since {files.since[:10]}" in files.describe()
    said: list[str] = []

    def on_line(line: str) -> None:
        said.append(line)

    opening = threading.Thread(target=gate.write_text, args=("go",))
    opening.start()
    outcome = follow(files, on_line=on_line)
    opening.join()
    assert said == ["done"], "from where it was left"
    assert (outcome.code, outcome.text.split("\n")[1]) == (5, "done")
    assert not files.is_alive()
    assert not is_alive(files.pid)


def test_a_run_whose_supervisor_was_killed_is_alive_while_its_command_is(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    files = begin(tmp_path, python(f"open({str(gate)!r}).read(); print('done')"))

    def kill() -> None:
        eventually(lambda: files.process, "it runs")
        os.kill(files.process["supervisor"], signal.SIGKILL)
        eventually(lambda: not files.is_supervised(), "the supervisor is gone")
        assert files.is_alive()
        gate.write_text("go")

    killing = threading.Thread(target=kill)
    killing.start()
    outcome = run(files, env={}, on_line=lambda _: None)
    killing.join()
    assert outcome.text == "done"
    assert outcome.cut_short, "nothing has seen its exit code"


def test_a_region_that_is_gone_interrupts_the_command(tmp_path: Path) -> None:
    with socket.socket() as region:
        region.bind(("127.0.0.1", 0))
        region.listen()
        port = region.getsockname()[1]

        def on_line(line: str) -> None:
            if line == "ready":
                region.close()

        trap = python(TRAP.replace("LIMIT", "1"))
        files = begin(tmp_path, trap, watch=f"127.0.0.1:{port}")
        outcome = run(files, env={}, on_line=on_line)
    assert outcome.lost
    assert outcome.code == 7
    assert "The local region is gone: interrupting Terraform." in outcome.text


def test_a_state_that_could_not_be_saved_is_known_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "errored.tfstate").write_text("old")
    os.utime(tmp_path / "errored.tfstate", (1, 1))
    assert run(begin(tmp_path, python("")), env={}, on_line=lambda _: None).errored == ""
    text = "open('errored.tfstate', 'w').write('{}')"
    outcome = run(begin(tmp_path, python(text)), env={}, on_line=lambda _: None)
    assert outcome.errored == hashlib.sha256(b"{}").hexdigest()


def test_a_program_that_cannot_be_started_is_said_so(tmp_path: Path) -> None:
    files = begin(tmp_path, [str(tmp_path / "nothing")])
    with pytest.raises(StackError, match=r"could not be started: .*No such file"):
        run(files, env={}, on_line=lambda _: None)


def test_only_the_last_runs_are_kept_and_private(tmp_path: Path) -> None:
    every = [begin(tmp_path, ["true"]) for _ in range(14)]
    kept = sorted((tmp_path / "runs").iterdir())
    assert kept == [one.folder for one in every[-10:]]
    for path in [*kept, *(file for one in kept for file in one.iterdir())]:
        assert path.stat().st_mode & 0o077 == 0


def test_a_watcher_sees_it_from_the_beginning_and_notes_nothing(tmp_path: Path) -> None:
    files = begin(tmp_path, python("print('one'); print('two')"))
    run(files, env={}, on_line=lambda _: None)
    shown = files.shown
    said: list[str] = []
    assert follow(files, on_line=said.append, watching=True).code == 0
    assert (said, files.shown) == (["one", "two"], shown)


def test_capture_gives_the_output_or_the_error(tmp_path: Path) -> None:
    good = capture(["sh", "-c", "echo out; echo err >&2"], cwd=tmp_path, env={})
    bad = capture(["sh", "-c", "echo out; echo err >&2; exit 2"], cwd=tmp_path, env={})
    assert good == Outcome(0, "out\n")
    assert bad == Outcome(2, "err\n")
