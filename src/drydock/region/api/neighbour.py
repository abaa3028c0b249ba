"""A shell that `drydock env` has pointed at another folder's region, which had this port before.

The access key that it exports names the folder (`Workspace.access_key`), so that the region which has
the port now can refuse it. Every other key goes on: dummy keys are nobody's folder.
"""

from __future__ import annotations

from drydock.paths import OF_A_FOLDER
from drydock.region.api.access.denial import Denial
from drydock.region.api.operations import Environ


def refusal(environ: Environ, own_key: str) -> Denial | None:
    """Why a request of another folder's shell may not go on; None: it is none."""
    header, query = str(environ.get("HTTP_AUTHORIZATION", "")), str(environ.get("QUERY_STRING", ""))
    if OF_A_FOLDER not in header and OF_A_FOLDER not in query:
        return None
    from drydock.region.api.access.principals import credentials  # noqa: PLC0415  (moto, slow)

    key, _ = credentials(environ)
    if not key.startswith(OF_A_FOLDER) or key == own_key:
        return None
    return Denial(
        "unknown key",
        "This access key is of the Drydock region of another folder, which had this port before."
        ' Set this shell again in the folder that is meant: eval "$(drydock env)"',
    )
