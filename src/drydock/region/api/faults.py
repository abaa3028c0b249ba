"""Error responses in the protocols that AWS clients understand."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

from drydock.region.api import cbor
from drydock.region.api.operations import Operation


def render(
    operation: Operation, code: str, message: str, *, fault: str = "Receiver"
) -> tuple[str, bytes]:
    """Return content type and body of an error in the protocol of `operation`; `fault`: Sender or
    Receiver.
    """
    request = str(uuid.uuid4())
    if operation.protocol == "cbor":
        return cbor.KIND, cbor.encode({"__type": code, "message": message})
    if operation.protocol in {"json", "rest-json"}:
        kind = "application/x-amz-json-1.1" if operation.protocol == "json" else "application/json"
        return kind, json.dumps({"__type": code, "message": message}).encode()
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if operation.protocol == "ec2":
        body = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request}</RequestID></Response>"
    elif operation.service == "s3":
        body = f"<Error>{error}<RequestId>{request}</RequestId></Error>"
    else:
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type>{error}</Error>"
            f"<RequestId>{request}</RequestId></ErrorResponse>"
        )
    return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
