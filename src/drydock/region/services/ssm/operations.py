"""Systems Manager: looking a missing parameter up does not create it.

moto 5.2.5 makes an empty parameter of every missing name that is to be labelled, and listing
parameters fails from then on.
"""

from __future__ import annotations

from typing import Any

from moto.ssm.exceptions import ParameterNotFound
from moto.ssm.models import SimpleSystemManagerBackend as TheirBackend


class SsmBackend(TheirBackend):
    """The Systems Manager backend of the API."""

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
        """Raise ParameterNotFound.

        Avoids moto's dictionary, which creates the keys that it is asked for.
        """
        if name not in self._parameters:
            raise ParameterNotFound(f"Parameter {name} not found.")
