# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes kube-apiserver ask the stand-in for projectcalico.org/v3."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from aggregated.resource import GROUP, STORED_GROUP, VERSION
from api import Api
from certificates import CALICO_API_NAMESPACE, CALICO_API_SERVER, CALICO_API_SERVICE

API_SERVICE = f"{VERSION}.{GROUP}"
_RBAC = "rbac.authorization.k8s.io"


def manifests(port: int, ca: Path) -> list[dict[str, Any]]:
    """What has to be applied, in this order, where the stand-in listens on the port of 127.0.0.1."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CALICO_API_NAMESPACE}},
        _service(),
        _role(),
        _role_binding(),
        _api_service(port, ca),
    ]


def is_available(api: Api) -> bool:
    """Whether kube-apiserver reaches the stand-in."""
    found = api.request("GET", f"/apis/apiregistration.k8s.io/v1/apiservices/{API_SERVICE}")
    conditions = found.get("status", {}).get("conditions", [])
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


def _service() -> dict[str, Any]:
    """A Service whose name leads here.

    Without kube-proxy no cluster IP leads anywhere, and an EndpointSlice must not have 127.0.0.1. An external name may
    look like an address, and kube-apiserver connects to it at the port that the APIService says.
    """
    metadata = {"name": CALICO_API_SERVICE, "namespace": CALICO_API_NAMESPACE}
    spec = {"type": "ExternalName", "externalName": "127.0.0.1"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _role() -> dict[str, Any]:
    rules = [
        {"apiGroups": [STORED_GROUP], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
    ]
    return {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": CALICO_API_SERVER}, "rules": rules}


def _role_binding() -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": CALICO_API_SERVER},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": CALICO_API_SERVER},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": CALICO_API_SERVER}],
    }


def _api_service(port: int, ca: Path) -> dict[str, Any]:
    spec = {
        "group": GROUP,
        "version": VERSION,
        "groupPriorityMinimum": 1500,
        "versionPriority": 200,
        "caBundle": base64.b64encode(ca.read_bytes()).decode(),
        "service": {"name": CALICO_API_SERVICE, "namespace": CALICO_API_NAMESPACE, "port": port},
    }
    metadata = {"name": API_SERVICE}
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}
