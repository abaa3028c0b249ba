"""Find the user at the other end of a TCP connection over loopback, by asking the kernel.

It is asked by netlink, for the one socket with these addresses (sock_diag(7), `inet_diag_req_v2` of
linux/inet_diag.h). pyroute2 asks for every socket of the machine and takes a third of a second to
import, which the porter would pay at each start, so the two structures are written here.
"""

from __future__ import annotations

import errno
import os
import socket
import struct

_SOCK_DIAG = 4
_BY_FAMILY = 20
_ERROR = 2
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=BBBBI HH 16s16s IQ")
_FOUND = struct.Struct("=BBBB 48x IIIII")
_EVERY_STATE = 0xFFFFFFFF
_NO_COOKIE = 0xFFFFFFFFFFFFFFFF
_SECONDS = 1.0

Address = tuple[str, int]


def owner(client: Address, server: Address) -> int | None:
    """Return the user id at the client's end of a connection, in this process's user namespace.

    None: the socket is gone, or no process has it open (the kernel then reports user 0, whoever
    owned it). Both addresses are IPv4 ones of this network namespace. Raises OSError: the kernel
    cannot be asked.
    """
    asked = _ASKED.pack(
        socket.AF_INET,
        socket.IPPROTO_TCP,
        0,
        0,
        _EVERY_STATE,
        socket.htons(client[1]),
        socket.htons(server[1]),
        socket.inet_aton(client[0]).ljust(16, b"\0"),
        socket.inet_aton(server[0]).ljust(16, b"\0"),
        0,
        _NO_COOKIE,
    )
    header = _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _SOCK_DIAG
    ) as one:
        one.settimeout(_SECONDS)
        one.send(header + asked)
        answer = one.recv(8192)
    _, kind, _, _, _ = _HEADER.unpack_from(answer)
    if kind == _ERROR:
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if number == errno.ENOENT:
            return None
        raise OSError(number, os.strerror(number))
    *_, uid, inode = _FOUND.unpack_from(answer, _HEADER.size)
    return int(uid) if inode else None


def why_not(client: Address, server: Address) -> str:
    """Return why a client is refused; empty if it runs as this process's user or as root."""
    mine = os.geteuid()
    try:
        uid = owner(client, server)
    except OSError as error:
        return f"The kernel does not say which user connects ({error.strerror or error}). {_REMEDY}"
    if uid is None:
        return "The kernel does not say which user connects: the connection is closed already."
    if uid not in {0, mine}:
        return (
            f"This region answers its owner (user {mine}) and root alone, not user {uid}. {_REMEDY}"
        )
    return ""


_REMEDY = (
    'To let every user of this machine in, set allow_users = "any" under [region] in drydock.toml.'
)
