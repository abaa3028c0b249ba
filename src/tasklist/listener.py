"""The server's listening socket: find its address, check that it is free, drop new connections."""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import sys
from pathlib import Path

from tasklist.errors import ListenError

# from <asm-generic/socket.h> and <linux/filter.h>; the module socket does not have them
_SO_ATTACH_FILTER = 26
_BPF_RET_K = 0x06


def resolve(host: str, port: int) -> tuple[str, int]:
    """Return the address to listen on; IPv4 first, as a name such as localhost often has both.

    Raises ListenError if the host has no address here or the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}: {error.strerror}.") from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # the server would share its port with other sockets; this one fails if it is taken
            probe.bind(address[:2])
        except OSError as error:
            reason = error.strerror or str(error)
            raise ListenError(
                f"cannot listen on {host} port {port}: {reason.lower()}; "
                "VTT_LISTENHOST and VTT_LISTENPORT choose another address."
            ) from error
    return str(address[0]), port


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that holds the address for the workers that share it, without listening.

    Raises ListenError as `resolve` does.
    """
    address, port = resolve(host, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((address, port))
    return holder


def own_listeners() -> list[socket.socket]:
    """Return a duplicate of every listening TCP socket of this process; the caller closes them."""
    found: dict[int, socket.socket] = {}  # by inode: the server holds several duplicates
    for entry in Path("/dev/fd").iterdir():
        try:
            status = os.stat(int(entry.name))  # noqa: PTH116 - a descriptor
            if not stat.S_ISSOCK(status.st_mode) or status.st_ino in found:
                continue
            candidate = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:  # closed meanwhile
            continue
        if _is_listening(candidate):
            found[status.st_ino] = candidate
        else:
            candidate.close()
    return list(found.values())


def _is_listening(candidate: socket.socket) -> bool:
    if candidate.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def ignore_newcomers(listener: socket.socket) -> None:
    """Let the kernel drop new connections, while existing ones stay open. Linux only, else a no-op.

    Closing the socket would be simpler, but the server owns it. A client that connects meanwhile
    tries again a second later and is then refused by the closed port, so a load balancer turns to
    another target; no request is accepted and then cut.
    """
    if not sys.platform.startswith("linux"):
        return

    class Instruction(ctypes.Structure):
        _fields_ = (
            ("code", ctypes.c_uint16),
            ("jt", ctypes.c_uint8),
            ("jf", ctypes.c_uint8),
            ("k", ctypes.c_uint32),
        )

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction)))

    drop_all = Instruction(_BPF_RET_K, 0, 0, 0)
    program = Program(1, ctypes.pointer(drop_all))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))
