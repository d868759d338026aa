# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a benchmark, with Nodes and endpoints behind them as clusters have them, put to Cluster or Local at will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._apply.services import AT_A_TIME
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import ORIGINAL
from kept_alive import Request, send_all

from api import Api

NODES, ENDPOINTS = 3, 3
Object = dict[str, Any]


def make_nodes(api: Api) -> None:
    """Nodes that are ready."""
    for number in range(NODES):
        metadata = {"name": f"node-{number}"}
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}
        api.request("POST", "/api/v1/nodes", node)


@dataclass(frozen=True)
class Services:
    """So many Services in a namespace of their own, of the kind that ``spec`` says."""

    api: Api
    namespace: str
    count: int
    spec: Object

    def make(self) -> None:
        """Makes them, each with an EndpointSlice whose endpoints are on all Nodes."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        self.api.request("POST", "/api/v1/namespaces", namespace)
        slices = f"/apis/discovery.k8s.io/v1/namespaces/{self.namespace}/endpointslices"
        requests: list[Request] = []
        for number in range(self.count):
            requests.append(("POST", self._path(), self._service(number)))
            requests.append(("POST", slices, self._endpoints(number)))
        send_all(self.api, requests, AT_A_TIME)

    def set_bare(self, policy: str) -> None:
        """Sets the policy of all, and takes our record away, by as many requests at a time as the module sends."""
        body = {"metadata": {"annotations": {ORIGINAL: None}}, "spec": {"externalTrafficPolicy": policy}}
        send_all(self.api, [("PATCH", self._path(number), body) for number in range(self.count)], AT_A_TIME)

    def require(self, policy: str) -> None:
        """Ends the benchmark where one has another policy; figures of work that was not done would mean nothing."""
        listed = self.api.request("GET", self._path())["items"]
        others = [each["metadata"]["name"] for each in listed if each["spec"]["externalTrafficPolicy"] != policy]
        if others or len(listed) != self.count:
            raise SystemExit(f"{len(others)} of {len(listed)} Services are not {policy}, such as {others[:1]}")

    def definitions(self, policy: str) -> list[Object]:
        """What kubernetes.core is to be given so that all have this policy."""
        spec = {"externalTrafficPolicy": policy}
        return [{**_named("v1", "Service", f"s{n}", self.namespace), "spec": spec} for n in range(self.count)]

    def _path(self, number: int | None = None) -> str:
        return f"/api/v1/namespaces/{self.namespace}/services" + ("" if number is None else f"/s{number}")

    def _service(self, number: int) -> Object:
        ports = [{"name": "web", "port": 80}]
        return {
            **_named("v1", "Service", f"s{number}", self.namespace),
            "spec": {"ports": ports, "externalTrafficPolicy": "Cluster", **self.spec},
        }

    def _endpoints(self, number: int) -> Object:
        piece = _named("discovery.k8s.io/v1", "EndpointSlice", f"s{number}", self.namespace)
        piece["metadata"]["labels"] = {"kubernetes.io/service-name": f"s{number}"}
        endpoints = [
            {
                "addresses": [f"10.{each}.{number // 250}.{number % 250}"],
                "nodeName": f"node-{each % NODES}",
                "conditions": {"ready": True},
            }
            for each in range(ENDPOINTS)
        ]
        return {
            **piece,
            "addressType": "IPv4",
            "ports": [{"name": "web", "port": 8080}],
            "endpoints": endpoints,
        }


def _named(version: str, kind: str, name: str, namespace: str) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
