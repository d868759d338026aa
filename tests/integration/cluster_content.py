# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests put into a cluster beside the collection, and take away again."""

from __future__ import annotations

import time
from typing import Any

import namespaces
from control_plane import Api, ApiError

POLICIES = "/apis/projectcalico.org/v3/globalnetworkpolicies"
STAGED = "/apis/projectcalico.org/v3/stagedglobalnetworkpolicies"
_INFORMATIONS = "projectcalico.org/v3", "crd.projectcalico.org/v1"


class Content:
    """Objects of a cluster, read and written as its administrator."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._namespaces: list[str] = []
        self._nodes: list[str] = []
        self._put: list[str] = []

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Creates an object in the collection at the path, which the test's end removes."""
        self._api.request("POST", path, body)
        self._put.append(f"{path}/{body['metadata']['name']}")

    def policy(self, name: str, labels: dict[str, str] | None = None, **spec: Any) -> None:
        """Creates a GlobalNetworkPolicy, as somebody else would."""
        body = {
            "apiVersion": "projectcalico.org/v3",
            "kind": "GlobalNetworkPolicy",
            "metadata": {"name": name, "labels": labels or {}},
            "spec": spec,
        }
        self._api.request("POST", POLICIES, body)

    def policies(self) -> dict[str, dict[str, Any]]:
        """Every GlobalNetworkPolicy by name."""
        return {item["metadata"]["name"]: item for item in self._api.request("GET", POLICIES)["items"]}

    def staged_policy(self, name: str, labels: dict[str, str] | None = None, **spec: Any) -> None:
        """Creates a StagedGlobalNetworkPolicy, as somebody else would."""
        metadata = {"name": name, "labels": labels or {}}
        body = {"apiVersion": "projectcalico.org/v3", "kind": "StagedGlobalNetworkPolicy", "metadata": metadata}
        self._api.request("POST", STAGED, {**body, "spec": spec})

    def staged_policies(self) -> dict[str, dict[str, Any]]:
        """Every StagedGlobalNetworkPolicy by name; none where the release does not have them."""
        try:
            return {item["metadata"]["name"]: item for item in self._api.request("GET", STAGED)["items"]}
        except ApiError as error:
            if error.status != 404:
                raise
            return {}

    def until_refused(self, name: str) -> None:
        """Waits until the server refuses a GlobalNetworkPolicy of this name: admission takes effect after a moment."""
        deadline = time.monotonic() + 60
        while self.would_accept_policy(name):
            if time.monotonic() > deadline:
                raise AssertionError(f"a policy {name} was not refused in a minute")
            time.sleep(0.1)

    def would_accept_policy(self, name: str) -> bool:
        """Whether the server accepts a GlobalNetworkPolicy of this name."""
        metadata = {"name": name}
        body = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": {}}
        try:
            self._api.request("POST", f"{POLICIES}?dryRun=All", body)
        except ApiError:
            return False
        return True

    def patch_policy(self, name: str, **spec: Any) -> None:
        """Changes fields of a policy's spec."""
        self._api.request("PATCH", f"{POLICIES}/{name}", {"spec": spec}, "application/merge-patch+json")

    def patch_staged_policy(self, name: str, **spec: Any) -> None:
        """Changes fields of a staged policy's spec."""
        self._api.request("PATCH", f"{STAGED}/{name}", {"spec": spec}, "application/merge-patch+json")

    def set_finalizers(self, name: str, finalizers: list[str]) -> None:
        """Sets who must let the policy go before it vanishes; with none, one that was deleted is gone."""
        body = {"metadata": {"finalizers": finalizers}}
        self._api.request("PATCH", f"{POLICIES}/{name}", body, "application/merge-patch+json")

    def delete_policy(self, name: str) -> None:
        self._api.request("DELETE", f"{POLICIES}/{name}")

    def datastore_ready(self, ready: bool) -> None:
        """Locks Calico's datastore, or unlocks it, as calicoctl does: behind Calico's API server, where there is one."""
        aggregated = "crd.projectcalico.org" in {group["name"] for group in self._api.request("GET", "/apis")["groups"]}
        version = _INFORMATIONS[aggregated]
        path = f"/apis/{version}/clusterinformations"
        body = {"apiVersion": version, "kind": "ClusterInformation", "metadata": {"name": "default"}}
        if not self._api.request("GET", path)["items"]:
            self._api.request("POST", path, {**body, "spec": {"calicoVersion": "v3.32.0"}})
        patch = {"spec": {"datastoreReady": ready}}
        self._api.request("PATCH", f"{path}/default", patch, "application/merge-patch+json")

    def node(self, name: str, address: str) -> None:
        """Creates a Node with this address."""
        self._api.request("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        self._nodes.append(name)
        status = {"addresses": [{"type": "InternalIP", "address": address}]}
        self._api.request("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, "application/merge-patch+json")

    def namespace(self, name: str, **labels: str) -> None:
        """Creates a namespace, which the test's end removes with everything in it."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        self._api.request("POST", "/api/v1/namespaces", body)
        self._namespaces.append(name)

    def pod(self, namespace: str, name: str, address: str, node: str = "n1", **labels: str) -> None:
        """Creates a Pod with these labels that looks as if it were running."""
        self._until_exists(f"/api/v1/namespaces/{namespace}/serviceaccounts/default")
        pods = f"/api/v1/namespaces/{namespace}/pods"
        spec = {"nodeName": node, "containers": [{"name": "c", "image": "c"}]}
        metadata = {"name": name, "labels": labels}
        self._api.request("POST", pods, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        self._api.request("PATCH", f"{pods}/{name}/status", {"status": status}, "application/merge-patch+json")

    def _until_exists(self, path: str) -> None:
        """A namespace's service account is made a moment after the namespace, and a Pod before it is refused."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self._api.request("GET", path)
                return
            except ApiError as error:
                if error.status != 404:
                    raise
            time.sleep(0.1)
        raise AssertionError(f"{path} was not there in half a minute")

    def service(self, namespace: str, name: str, type: str = "NodePort", **more: Any) -> None:
        """Creates a Service; ``annotations`` and ``labels`` go to its metadata, everything else to its spec."""
        metadata: dict[str, Any] = {
            "name": name,
            **{key: more.pop(key) for key in ("annotations", "labels") if key in more},
        }
        spec = {"type": type, "selector": {"app": name}, "ports": [{"port": 80}], **more}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
        self._api.request("POST", f"/api/v1/namespaces/{namespace}/services", body)

    def services(self, namespace: str) -> dict[str, dict[str, Any]]:
        """The Services of a namespace by name."""
        items = self._api.request("GET", f"/api/v1/namespaces/{namespace}/services")["items"]
        return {item["metadata"]["name"]: item for item in items}

    def patch_service(self, namespace: str, name: str, body: dict[str, Any]) -> None:
        self.patch(f"/api/v1/namespaces/{namespace}/services/{name}", body)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        """Merges this into whatever is at the path."""
        self._api.request("PATCH", path, body, "application/merge-patch+json")

    def request(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        return self._api.request(method, path, body, content_type)

    def remove(self) -> None:
        """Deletes all policies, staged ones too, and the namespaces, nodes and single objects that were made here."""
        for path in reversed(self._put):
            self._api.request("DELETE", path)
        for name in self.policies():
            self.delete_policy(name)
        for name in self.staged_policies():
            self._api.request("DELETE", f"{STAGED}/{name}")
        namespaces.remove(self._api, self._namespaces)
        for name in self._nodes:
            self._api.request("DELETE", f"/api/v1/nodes/{name}")
