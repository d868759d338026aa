# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Nodes, Pods and Services in the API, where the real controller makes the EndpointSlices."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from _service.data_plane import Endpoint

from api import Api
from network import EXTERNAL, LOAD_BALANCER, NODES, POD_CIDRS, PODS

# The Service that is measured, and one that has no load balancer.
NAMESPACE, SERVICE, NODE_PORT_ONLY = "lab", "web", "node-port-only"
PORT, TARGET_PORT, NODE_PORT = 80, 8080, 30080
MERGE = "application/merge-patch+json"
# Has kube-proxy leave a Service alone.
_NOT_PROXIED = {"service.kubernetes.io/service-proxy-name": "none"}
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
        {"name": each.lower(), "protocol": each, "port": PORT, "targetPort": TARGET_PORT} for each in ("TCP", "UDP")
    ]
    of_nodes = [{**port, "nodePort": NODE_PORT} for port in ports]
    selector = {"app": "web"}
    wanted = {"type": "LoadBalancer", "selector": selector, "ports": of_nodes, "externalIPs": [EXTERNAL]}
    _create_service(api, SERVICE, {}, wanted)
    balancer = {"ingress": [{"ip": LOAD_BALANCER}]}
    api.request("PATCH", f"{_SERVICES}/{SERVICE}/status", {"status": {"loadBalancer": balancer}}, MERGE)
    # What changes with it is no second change to kube-proxy, see `until_synced`.
    of_node_port = {"type": "NodePort", "selector": {"app": "cli"}, "ports": ports}
    _create_service(api, NODE_PORT_ONLY, _NOT_PROXIED, of_node_port)


def _create_service(api: Api, name: str, labels: dict[str, str], spec: dict[str, Any]) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": spec}
    api.request("POST", _SERVICES, body)


def service(api: Api, name: str = SERVICE) -> dict[str, Any]:
    """A Service as it is."""
    return api.request("GET", f"{_SERVICES}/{name}")


def kept(api: Api) -> list[dict[str, Any]]:
    """What a revert is to leave of both Services as it was."""
    found = [service(api, name) for name in (SERVICE, NODE_PORT_ONLY)]
    return [{"spec": each["spec"], "annotations": each["metadata"].get("annotations", {})} for each in found]


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


def until_endpoints(api: Api, endpoints: Sequence[Endpoint]) -> None:
    """Waits until the controller has found just these endpoints that are ready, or end and serve, in these conditions."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    wanted = {(each.address, each.ready, each.serving, each.terminating) for each in endpoints}

    def found() -> set[tuple[Any, ...]]:
        slices = api.request("GET", f"{path}?labelSelector=kubernetes.io/service-name={SERVICE}")["items"]
        endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or ()]
        return {
            (address, *(bool(endpoint["conditions"].get(name)) for name in ("ready", "serving", "terminating")))
            for endpoint in endpoints
            if endpoint["conditions"].get("serving")
            for address in endpoint["addresses"]
        }

    _until(lambda: found() == wanted)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the API did not get there in {_SECONDS:.0f} s")
        time.sleep(0.1)
