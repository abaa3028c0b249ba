"""The pages that a load balancer answers with by itself, in the words of AWS's. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

SERVER = "awselb/2.0"
"""What the Server header of an answer of its own says; a target's is never touched."""

TITLES = {
    301: "301 Moved Permanently",
    302: "302 Found",
    400: "400 Bad Request",
    408: "408 Request Time-out",
    413: "413 Request Entity Too Large",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def page(title: str) -> str:
    """The HTML of an answer with the status line's text `title`."""
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    ]
    return "\r\n".join(lines)
