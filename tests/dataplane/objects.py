# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Nodes, Pods and Service in the API, where the real controller makes the EndpointSlices."""

from __future__ import annotations

import time
from collections.abc import Callable, Set
from typing import Any

from api import Api
from network import EXTERNAL, LOAD_BALANCER, NODES, POD_CIDRS, PODS

NAMESPACE, SERVICE = "lab", "web"
PORT, TARGET_PORT, NODE_PORT = 80, 8080, 30080
MERGE = "application/merge-patch+json"
_SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_SECONDS = 60.0


def create(api: Api) -> None:
    """Creates everything."""
    for name, address in NODES.items():
        spec = {"podCIDR": POD_CIDRS[name], "podCIDRs": [POD_CIDRS[name]]}
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}
        api.request("POST", "/api/v1/nodes", body)
        status = {
            "addresses": [{"type": "InternalIP", "address": address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        api.request("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, MERGE)
    api.request(
        "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    )
    _until(lambda: api.exists(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"))
    for name in PODS:
        pod(api, name)
    ports = [
        {
            "name": protocol.lower(),
            "protocol": protocol,
            "port": PORT,
            "targetPort": TARGET_PORT,
            "nodePort": NODE_PORT,
        }
        for protocol in ("TCP", "UDP")
    ]
    wanted: dict[str, Any] = {
        "type": "LoadBalancer",
        "selector": {"app": "web"},
        "ports": ports,
        "externalIPs": [EXTERNAL],
    }
    api.request(
        "POST", _SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE}, "spec": wanted}
    )
    api.request(
        "PATCH",
        f"{_SERVICES}/{SERVICE}/status",
        {"status": {"loadBalancer": {"ingress": [{"ip": LOAD_BALANCER}]}}},
        MERGE,
    )


def service(api: Api) -> dict[str, Any]:
    """The Service as it is."""
    return api.request("GET", f"{_SERVICES}/{SERVICE}")


def change(api: Api, **spec: Any) -> None:
    """Changes fields of the Service."""
    api.request("PATCH", f"{_SERVICES}/{SERVICE}", {"spec": spec}, MERGE)


def pod(api: Api, name: str) -> None:
    """A Pod that looks as if a kubelet ran it; those of the Service are called web and a number."""
    spec = {"nodeName": PODS[name].node, "containers": [{"name": "c", "image": "c"}]}
    labels = {"app": name.rstrip("0123456789")}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
    api.request("POST", _PODS, body)
    address = PODS[name].address
    conditions = [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
    api.request("PATCH", f"{_PODS}/{name}/status", {"status": status}, MERGE)


def ready(api: Api, name: str, is_ready: bool) -> None:
    """Lets a Pod be ready, or not."""
    conditions = [{"type": "Ready", "status": str(is_ready)}, {"type": "ContainersReady", "status": str(is_ready)}]
    api.request("PATCH", f"{_PODS}/{name}/status", {"status": {"conditions": conditions}}, MERGE)


def end(api: Api, name: str) -> None:
    """Has a Pod deleted, which goes on until a kubelet says that it is gone, and there is none."""
    api.request("DELETE", f"{_PODS}/{name}")


def gone(api: Api, name: str) -> None:
    """Takes a Pod away."""
    api.request("DELETE", f"{_PODS}/{name}?gracePeriodSeconds=0")


def until_endpoints(api: Api, addresses: Set[str]) -> None:
    """Waits until the controller has found just these endpoints, as ready or as ones that end and serve."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"

    def found() -> set[str]:
        return {
            address
            for piece in api.request("GET", path)["items"]
            for endpoint in piece.get("endpoints") or ()
            if endpoint["conditions"].get("ready") or endpoint["conditions"].get("serving")
            for address in endpoint["addresses"]
        }

    _until(lambda: found() == addresses)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the API did not get there in {_SECONDS:.0f} s")
        time.sleep(0.1)
