"""Start a process of the region, from fork to execve, in the necessary order of steps.

`spawn` runs in PID 1, which has a single thread, so that forking is safe.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from drydock.region.dataplane import linux
from drydock.region.dataplane.processes import limits, ownroot, rootfs
from drydock.region.dataplane.processes.protocol import ProcessSpec, Started

_KEEP_SIGNALS = {signal.SIGKILL, signal.SIGSTOP}


def spawn(spec: ProcessSpec, files: int | None = None) -> Started:
    """Start a process; return once its program runs.

    Raises OSError with the message of what failed.

    `files`: its soft limit of open files, unless the spec has one; None: as the caller's.
    """
    if files is not None and all(name != "nofile" for name, _, _ in spec.limits):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        spec = replace(spec, limits=[("nofile", files, hard), *spec.limits])
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        child, late = _fork(spec.groups)
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if child == 0:
        os.close(reader)
        _report_errors(writer, lambda: _first_child(spec, writer, late))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answers = [json.loads(line) for line in pipe]
    if spec.own_pids or spec.join is not None:
        os.waitpid(child, 0)  # it only forked the real one, which PID 1 has inherited
    errors = [answer["error"] for answer in answers if "error" in answer]
    pid = next((answer["pid"] for answer in answers if "pid" in answer), child)
    if errors or not answers:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        raise OSError(errors[0] if errors else "it ended before its program ran")
    return Started(pid, next(answer["host_pid"] for answer in answers if "host_pid" in answer))


def _fork(groups: Sequence[str]) -> tuple[int, list[str]]:
    """Fork, into the group of version 2 if there is one.

    Return the child, and the files by which it has to enter the other groups.
    """
    folder = next((one for one in groups if os.path.isdir(one)), None)  # noqa: PTH112  (quick)
    if folder is None:
        return os.fork(), list(groups)
    files = [one for one in groups if one != folder]
    group = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return linux.fork_into(group), files
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
    finally:
        os.close(group)
    return os.fork(), [*files, f"{folder}/cgroup.procs"]


def _report_errors(writer: int, body: object) -> None:
    """Run a step of a child that must never return; errors go to the parent."""
    try:
        body()  # type: ignore[operator]
    except BaseException as error:  # noqa: BLE001  (a forked child: everything must reach the parent)
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, OSError) and error.filename:
            words = f"{words}: {error.filename!r}"
        _say(writer, error=words or type(error).__name__)
    os._exit(127)


def _say(writer: int, **fields: object) -> None:
    os.write(writer, json.dumps(fields).encode() + b"\n")


def _first_child(spec: ProcessSpec, writer: int, groups: Sequence[str]) -> None:
    for file in groups:  # what is forked and executed from here on is in them, too
        _enter_group(file)
    if spec.join is not None:
        _join(spec, spec.join[1], writer)
    if spec.netns is not None:
        linux.setns(spec.netns, linux.CLONE_NEWNET)
    if spec.own_pids or spec.resolv_conf or spec.hosts:
        linux.unshare(linux.CLONE_NEWNS)
    if spec.image is None and spec.own_root is None:
        for source, target in _files(spec):
            linux.mount(source, str(Path(target).resolve()), flags=linux.MS_BIND)
    if not spec.own_pids:
        _become(spec, writer)
    # a killed PostgreSQL leaves System V shared memory: it goes with the namespace
    linux.unshare(linux.CLONE_NEWPID | linux.CLONE_NEWIPC)
    if spec.image is not None and spec.image.hostname:
        linux.unshare(linux.CLONE_NEWUTS)
        socket.sethostname(spec.image.hostname)
    child = os.fork()
    if child == 0:
        _report_errors(writer, lambda: _become(spec, writer))
    _say(writer, pid=child)
    os._exit(0)


def _enter_group(file: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"0")
    except OSError as error:
        raise OSError(error.errno, error.strerror, file) from error
    finally:
        os.close(descriptor)


def _files(spec: ProcessSpec) -> list[tuple[str, str]]:
    pairs = ((spec.resolv_conf, "/etc/resolv.conf"), (spec.hosts, "/etc/hosts"))
    return [(source, target) for source, target in pairs if source]


def _enter_root(spec: ProcessSpec) -> bool:
    """Enter the process's root; return False if it sees other tasks in /proc."""
    if spec.image is not None:
        image = spec.image
        rootfs.enter(
            image.folder,
            image.layer,
            spec.mounts,
            _files(spec),
            spec.cwd,
            read_only=image.read_only,
        )
    elif spec.own_root is not None:
        return ownroot.enter(spec.own_root, spec.mounts, _files(spec), spec.cwd)
    elif spec.own_pids:
        # where /proc is masked (inside a container) the kernel refuses; the host's then stays
        with contextlib.suppress(OSError):
            flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
            linux.mount("proc", "/proc", "proc", flags)
    return True


def _join(spec: ProcessSpec, host_pid: int, writer: int) -> None:
    """Enter the namespaces of a process and fork there.

    PID 1 waits, so the process's id is still valid.
    """
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    kinds = ("ipc", "net", "pid", "uts", "mnt")
    for descriptor in [os.open(f"/proc/{host_pid}/ns/{kind}", os.O_RDONLY) for kind in kinds]:
        linux.setns(descriptor)
    child = os.fork()
    if child == 0:
        _report_errors(writer, lambda: _become(spec, writer, proc))
    _say(writer, pid=child)
    os._exit(0)


def _become(spec: ProcessSpec, writer: int, proc: int | None = None) -> None:
    """Set up what the program will see, then execute it.

    `proc`: the region's /proc, if it isn't at /proc any more.
    """
    _say(writer, host_pid=linux.host_pid(proc))
    # a group and no session: the session, PID 1's, has no terminal, and the kernel's scheduler gives
    # each session a share of its own (autogroup), which costs a tenth of all requests in switches
    if spec.terminal:
        os.setsid()
    else:
        os.setpgid(0, 0)
    alone = linux.has_one_user()
    apart = spec.join is not None or _enter_root(spec)
    writer = _arrange_descriptors(spec, writer)
    try:
        if spec.terminal:
            linux.control_terminal(0)
        os.chdir(spec.cwd)
        limits.apply(spec.limits)
        variables = dict(spec.env)
        if spec.image is not None:
            user = rootfs.user_of(spec.image.user)
            rootfs.become(user, rootfs.capabilities(spec.image.dropped), alone=alone)
            variables.setdefault("HOME", user.home)
        elif spec.uid is not None:
            linux.map_user(spec.uid, spec.gid if spec.gid is not None else spec.uid)
        elif not apart:  # the other tasks in /proc are closed to another user namespace
            linux.map_user(os.geteuid(), os.getegid())
        if spec.image is None and not spec.keep_capabilities:
            linux.drop_capabilities()
        for number in signal.valid_signals() - _KEEP_SIGNALS:
            with contextlib.suppress(OSError, ValueError):  # the C library keeps two for itself
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.umask(0o022)
        os.execvpe(spec.argv[0], list(spec.argv), variables)
    except OSError as error:
        missing = f"{error.strerror}: {error.filename or spec.argv[0]!r}"
        _report_errors(writer, lambda: (_ for _ in ()).throw(OSError(missing)))


def _arrange_descriptors(spec: ProcessSpec, writer: int) -> int:
    """Put stdin, stdout, stderr at 0 to 2 and the passed ones at 3, 4, 5 …; all else closes on
    exec.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    wanted = [
        spec.stdin if spec.stdin is not None else null,
        spec.stdout if spec.stdout is not None else 1,
        spec.stderr if spec.stderr is not None else 2,
        *spec.pass_fds,
    ]
    # first above every number that is going to be used, so that none is overwritten too early
    floor = max([*wanted, len(wanted), writer]) + 1
    import fcntl  # noqa: PLC0415  (only the child needs it)

    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, floor) for descriptor in [*wanted, writer]]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number, inheritable=number < len(wanted))
    os.closerange(len(wanted) + 1, 65536)
    return len(wanted)
