"""Refuse requests of a shell that `drydock env` has pointed at another folder's region.

The access key that it exports identifies the folder (`Workspace.access_key`), so that the region on
that port now can refuse it. Every other key is accepted: dummy keys belong to no folder.
"""

from __future__ import annotations

from drydock.paths import OF_A_FOLDER
from drydock.region.api.credentials import credentials
from drydock.region.api.denial import Denial
from drydock.region.api.operations import Environ


def refusal(environ: Environ, own_key: str) -> Denial | None:
    """Return why a request of another folder's shell is refused; None: it is not one."""
    header, query = str(environ.get("HTTP_AUTHORIZATION", "")), str(environ.get("QUERY_STRING", ""))
    if OF_A_FOLDER not in header and OF_A_FOLDER not in query:
        return None
    key, _ = credentials(environ)
    if not key.startswith(OF_A_FOLDER) or key == own_key:
        return None
    return Denial(
        "unknown key",
        "This access key is of the Drydock region of another folder, which had this port before."
        ' Set this shell again in the folder that is meant: eval "$(drydock env)"',
    )
