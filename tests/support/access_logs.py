"""Parse lines of a load balancer's logs with the patterns that AWS publishes for Athena.

https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html
https://docs.aws.amazon.com/athena/latest/ug/create-alb-connection-logs-table.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_REQUEST = re.compile(
    r"([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) "
    r"(|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) \"([^ ]*) (.*) (- |[^ ]*)\" \"([^\"]*)\" "
    r"([A-Z0-9-_]+) ([A-Za-z0-9.-]*) ([^ ]*) \"([^\"]*)\" \"([^\"]*)\" \"([^\"]*)\" ([-.0-9]*) ([^ ]*) "
    r"\"([^\"]*)\" \"([^\"]*)\" \"([^ ]*)\" \"([^\s]+?)\" \"([^\s]+)\" \"([^ ]*)\" \"([^ ]*)\" "
    r"?([^ ]*)? ?( .*)?"
)
_CONNECTION = re.compile(
    r"([^ ]*) ([^ ]*) ([0-9]*) ([0-9]*) ([A-Za-z0-9.-]*) ([^ ]*) ([-.0-9]*) \"([^\"]*)\" ([^ ]*) ([^ ]*) "
    r"([^ ]*) ?([^ ]*)?( .*)?"
)


@dataclass(frozen=True)
class Request:
    """A line of an access log; fields are named as in Athena's table."""

    type: str
    time: str
    elb: str
    client_ip: str
    client_port: str
    target_ip: str
    target_port: str
    request_processing_time: str
    target_processing_time: str
    response_processing_time: str
    elb_status_code: str
    target_status_code: str
    received_bytes: str
    sent_bytes: str
    request_verb: str
    request_url: str
    request_proto: str
    user_agent: str
    ssl_cipher: str
    ssl_protocol: str
    target_group_arn: str
    trace_id: str
    domain_name: str
    chosen_cert_arn: str
    matched_rule_priority: str
    request_creation_time: str
    actions_executed: str
    redirect_url: str
    lambda_error_reason: str
    target_port_list: str
    target_status_code_list: str
    classification: str
    classification_reason: str
    conn_trace_id: str
    rest: str

    @classmethod
    def parse(cls, line: str) -> Request:
        return cls(*_groups(_REQUEST, line))


@dataclass(frozen=True)
class Connection:
    """A line of a connection log."""

    time: str
    client_ip: str
    client_port: str
    listener_port: str
    tls_protocol: str
    tls_cipher: str
    tls_handshake_latency: str
    leaf_client_cert_subject: str
    leaf_client_cert_validity: str
    leaf_client_cert_serial_number: str
    tls_verify_status: str
    conn_trace_id: str
    rest: str

    @classmethod
    def parse(cls, line: str) -> Connection:
        return cls(*_groups(_CONNECTION, line))


def _groups(pattern: re.Pattern[str], line: str) -> list[str]:
    found = pattern.fullmatch(line)
    assert found, line
    groups = [group or "" for group in found.groups()]
    # a missing target is one dash, which the pattern takes for the separator of address and port
    return [group or "-" if 5 <= number <= 6 else group for number, group in enumerate(groups)]
