"""Systems Manager: a parameter that is not there stays so.

moto 5.2.5 makes an empty parameter of every name that is looked up to be labelled, and no list of
parameters can be given from then on.
"""

from __future__ import annotations

from typing import Any

from moto.ssm import urls as their_urls
from moto.ssm.exceptions import ParameterNotFound
from moto.ssm.models import SimpleSystemManagerBackend as TheirBackend
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from drydock.region.api.gaps import overlay


class SsmBackend(TheirBackend):
    """Parameters, and what else moto keeps."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, SimpleSystemManagerResponse)

    def label_parameter_version(
        self, name: str, version: int, labels: list[str]
    ) -> tuple[list[str], int]:
        self._must_exist(name)
        return super().label_parameter_version(name, version, labels)

    def unlabel_parameter_version(
        self, name: str, version: int, labels: list[str]
    ) -> tuple[list[str], list[str]]:
        self._must_exist(name)
        return super().unlabel_parameter_version(name, version, labels)

    def get_parameter_history(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self._must_exist(name)
        return super().get_parameter_history(name, *args, **kwargs)

    def _must_exist(self, name: str) -> None:
        """Raises ParameterNotFound. Looks without moto's dictionary, which makes what it looks for."""
        if name not in self._parameters:
            raise ParameterNotFound(f"Parameter {name} not found.")


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(ssm_backends, SsmBackend)
