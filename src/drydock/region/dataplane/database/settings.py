"""The text of a server's configuration files: postgresql.conf and pg_hba.conf. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from drydock.errors import DatabaseFailed

ADMIN = "rdsadmin"
"""The superuser of every server, as on RDS: ours alone, with a database of the same name."""

IAM = "rds_iam"
"""The role whose members log in by IAM on RDS."""
CERTIFICATE, KEY = "server.crt", "server.key"
"""Files beside the data."""

OURS = frozenset(
    {
        "archive_command",
        "archive_library",
        "archive_mode",
        "cluster_name",
        "config_file",
        "data_directory",
        "dynamic_shared_memory_type",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "log_destination",
        "logging_collector",
        "port",
        "primary_conninfo",
        "ssl",
        "ssl_cert_file",
        "ssl_key_file",
        "unix_socket_directories",
    }
)
"""Settings by which the region reaches and reads the server; a caller cannot change them."""

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings by which committed data survives a crash of the machine."""
_ARCHIVE = "test -f ../wal/%f || { cp %p ../wal/.%f && mv ../wal/.%f ../wal/%f; }"
"""Run in the data folder. A copy and not a link: PostgreSQL overwrites segments that it is done
with.
"""
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", re.IGNORECASE)


def defaults(major: int) -> dict[str, str]:
    """Return the default settings of every server, before the caller's parameters.

    Small for many idle servers on one machine; durable as PostgreSQL is durable. The log lines look
    like RDS's ("RDS for PostgreSQL database log files").
    """
    values = {
        "shared_buffers": "32MB",
        "max_connections": "100",
        "min_wal_size": "32MB",
        "wal_level": "replica",
        "wal_keep_size": "64MB",  # for a copy that was away for a while
        "wal_retrieve_retry_interval": "500ms",
        **dict.fromkeys(DURABLE, "on"),
        "password_encryption": "scram-sha-256",
        "huge_pages": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%t:%r:%u@%d:[%p]:",
        "lc_messages": "C",
        "default_text_search_config": "pg_catalog.english",
        "idle_in_transaction_session_timeout": "86400000",
    }
    if major >= 18:
        values["io_method"] = "sync"  # as every release before; no I/O workers that only wait
    return values


def postgresql_conf(
    major: int,
    name: str,
    listen: str,
    port: int,
    parameters: Mapping[str, str],
    upstream: str = "",
    *,
    tls: bool = False,
    archives: bool = False,
    ephemeral: bool = False,
) -> str:
    """Return postgresql.conf: the defaults, the caller's parameters over them, and our own
    settings.

    `upstream` is the connection string of the server that it follows. `tls`: its certificate is
    beside its data. `archives`: it puts its finished WAL beside them too. `ephemeral`: it does not
    wait for the disk.

    Raises DatabaseFailed: a parameter that the region sets itself, or an invalid one.
    """
    values = defaults(major)
    for parameter, value in parameters.items():
        if not _NAME.fullmatch(parameter):
            raise DatabaseFailed(f"the parameter {parameter!r}", "that is no parameter's name")
        if parameter.lower() in OURS:
            raise DatabaseFailed(f"the parameter {parameter}", "the region sets it itself")
        values[parameter.lower()] = value
    values |= {
        "cluster_name": name,
        "listen_addresses": listen,
        "port": str(port),
        # for copies that follow; seen from the data folder, which is where the server works
        "unix_socket_directories": "../socket",
        "log_destination": "stderr",
        "logging_collector": "off",
        # files in the data folder: a killed server leaves nothing in /dev/shm
        "dynamic_shared_memory_type": "mmap",
        "ssl": "on" if tls else "off",
    }
    if ephemeral:
        values |= dict.fromkeys(DURABLE, "off")
    if tls:
        values |= {"ssl_cert_file": f"../{CERTIFICATE}", "ssl_key_file": f"../{KEY}"}
    if archives:
        values |= {"archive_mode": "on", "archive_command": _ARCHIVE}
    if upstream:
        values["primary_conninfo"] = upstream
    lines = ["# Written by Drydock at every start."]
    lines += [f"{parameter} = {_quoted(parameter, value)}" for parameter, value in values.items()]
    return "\n".join(lines) + "\n"


def pg_hba_conf(*, force_tls: bool = False) -> str:
    """Return pg_hba.conf: rdsadmin only from the server's own addresses, other roles from anywhere.

    `force_tls`: with TLS only, as `rds.force_ssl` has it. Members of the IAM role are rejected.

    Over the socket in the server's private folder only copies that follow may connect. Security
    groups decide who may send a packet at all.
    """
    rules = [
        ("local", "replication", ADMIN, "", "scram-sha-256"),
        ("host", "all", ADMIN, "samehost", "scram-sha-256"),
        ("host", "all", ADMIN, "all", "reject"),
        ("host", ADMIN, "all", "all", "reject"),
        ("host", "all", f"+{IAM}", "all", "reject"),
        ("hostssl" if force_tls else "host", "all", "all", "all", "scram-sha-256"),
    ]
    lines = ["# Written by Drydock at every start."]
    lines += ["\t".join(word for word in rule if word) for rule in rules]
    return "\n".join(lines) + "\n"


def _quoted(parameter: str, value: str) -> str:
    if any(character in value for character in "\n\r\0"):
        raise DatabaseFailed(f"the parameter {parameter}", "its value has a line break in it")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
