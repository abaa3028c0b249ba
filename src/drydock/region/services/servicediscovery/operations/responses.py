"""Parts that moto 5.2.5's answers lack: counts, filters, pages, and the name OperationId."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.servicediscovery.models import Namespace, Service
from moto.servicediscovery.responses import ServiceDiscoveryResponse

if TYPE_CHECKING:
    from drydock.region.services.servicediscovery.operations.backend import CloudMapBackend

Json = dict[str, Any]
_PAGE = 100


class CloudMapResponses(ServiceDiscoveryResponse):
    """The Cloud Map operations,
    https://docs.aws.amazon.com/cloud-map/latest/api/API_Operations.html
    """

    @property
    def ours(self) -> CloudMapBackend:
        backend: Any = self.servicediscovery_backend
        return backend  # type: ignore[no-any-return]

    def get_namespace(self) -> Any:
        return json.dumps({"Namespace": self._namespace(self.ours.get_namespace(self._id()))})

    def list_namespaces(self) -> Any:
        found = _filtered(
            self.ours.list_namespaces(),
            self._params().get("Filters") or (),
            {
                "TYPE": lambda one: one.type,
                "NAME": lambda one: one.name,
                "HTTP_NAME": lambda one: one.http_properties.get("HttpName", ""),
                "RESOURCE_OWNER": lambda _one: "SELF",
            },
        )
        return self._page("Namespaces", [self._namespace(one) for one in found])

    def create_service(self) -> str:
        made: Json = json.loads(super().create_service())["Service"]
        return self.shown(self.ours.get_service(made["Id"]))

    def get_service(self) -> str:
        return self.shown(self.ours.get_service(self._id()))

    def list_services(self) -> str:
        found = _filtered(
            self.ours.list_services(),
            self._params().get("Filters") or (),
            {
                "NAMESPACE_ID": lambda one: one.namespace_id,
                "RESOURCE_OWNER": lambda _one: "SELF",
            },
        )
        return self._page("Services", [_service(one) for one in found])

    def update_http_namespace(self) -> str:
        answer: Json = json.loads(super().update_http_namespace())
        return json.dumps({"OperationId": answer["operationId"]})

    def shown(self, service: Service) -> str:
        return json.dumps({"Service": _service(service)})

    def _params(self) -> Json:
        found: Json = json.loads(self.body or "{}")
        return found

    def _id(self) -> str:
        return str(self._params().get("Id"))

    def _namespace(self, one: Namespace) -> Json:
        count = sum(service.namespace_id == one.id for service in self.ours.services.values())
        return _answer({**one.to_json(), "ServiceCount": count})

    def _page(self, name: str, found: list[Json]) -> str:
        params = self._params()
        page, token = self.ours.paginate(
            found, params.get("MaxResults") or _PAGE, params.get("NextToken")
        )
        return json.dumps(_answer({name: page, "NextToken": token}))


def _service(one: Service) -> Json:
    return _answer({**one.to_json(), "InstanceCount": len(one.instances)})


def _answer(fields: Json) -> Json:
    """Return the fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def _filtered(
    found: Iterable[Any],
    filters: Iterable[Mapping[str, Any]],
    values: Mapping[str, Callable[[Any], str]],
) -> list[Any]:
    """Return the items that match all filters (EQ, IN, BEGINS_WITH)."""
    kept = list(found)
    for one in filters:
        wanted = [str(value) for value in one.get("Values") or ()]
        value = values[str(one["Name"])]
        begins = one.get("Condition") == "BEGINS_WITH"
        kept = [
            item
            for item in kept
            if (value(item).startswith(tuple(wanted)) if begins else value(item) in wanted)
        ]
    return kept
