# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a fresh control plane with a small cluster: manifests, and Pods that look as if they were running."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from control_plane import Api
from install import apply, read_manifests

MERGE = "application/merge-patch+json"
MANIFESTS = Path(__file__).resolve().parent / "cluster"


@dataclass(frozen=True)
class Pod:
    """A Pod that serves its app's Service."""

    namespace: str
    name: str
    app: str
    node: str
    address: str
    area: str = ""


PODS = (
    Pod("shop-eu", "web-1", "web", "n1", "10.244.1.10"),
    Pod("shop-eu", "web-2", "web", "n2", "10.244.2.10"),
    Pod("shop-eu", "db-0", "db", "n3", "10.244.3.10"),
    Pod("shop-us", "web-1", "web", "n1", "10.244.1.11"),
    Pod("shop-us", "web-2", "web", "n3", "10.244.3.11"),
    Pod("vault", "vault-0", "vault", "n2", "10.244.2.20", area="dummy"),
    Pod("vault", "vault-1", "vault", "n3", "10.244.3.20", area="dummy"),
    Pod("monitoring", "prometheus-0", "prometheus", "n1", "10.244.1.30"),
    Pod("backup", "backup-0", "backup", "n2", "10.244.2.30"),
)


def fill(api: Api) -> None:
    """Applies the manifests, runs the Pods, and waits until the controllers have made EndpointSlices of them."""
    for manifest in read_manifests([MANIFESTS]):
        apply(api, manifest)
    for node in ("n1", "n2", "n3"):
        ready = [{"type": "Ready", "status": "True"}]
        api.request("PATCH", f"/api/v1/nodes/{node}/status", {"status": {"conditions": ready}}, MERGE)
    for pod in PODS:
        _run(api, pod)
    _until(lambda: _endpoints(api) >= {pod.address for pod in PODS if pod.app in ("web", "db", "vault")})


def _run(api: Api, pod: Pod) -> None:
    pods = f"/api/v1/namespaces/{pod.namespace}/pods"
    labels = {"app": pod.app, **({"area": pod.area} if pod.area else {})}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod.name, "labels": labels},
        "spec": {"nodeName": pod.node, "containers": [{"name": pod.app, "image": pod.app}]},
    }
    # A namespace's service account is made a moment after the namespace, and a Pod before it is refused.
    _until(lambda: api.exists(f"/api/v1/namespaces/{pod.namespace}/serviceaccounts/default"))
    api.request("POST", pods, body)
    ready = [{"type": "Ready", "status": "True"}]
    status = {"phase": "Running", "podIP": pod.address, "podIPs": [{"ip": pod.address}], "conditions": ready}
    api.request("PATCH", f"{pods}/{pod.name}/status", {"status": status}, MERGE)


def _endpoints(api: Api) -> set[str]:
    slices = api.request("GET", "/apis/discovery.k8s.io/v1/endpointslices")["items"]
    return {address for s in slices for endpoint in s.get("endpoints") or [] for address in endpoint["addresses"]}


def _until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster did not become ready in time")
        time.sleep(0.1)
