# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of docs/rbac in a control plane, and those that lack one of their rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from control_plane import Api, ApiError, ControlPlane, kubeconfig_for_token, service_account_token
from install import read_manifests

MANIFESTS = Path(__file__).resolve().parents[2] / "docs" / "rbac"
# Which account a module runs as.
OF_MODULE = {
    "policy_baseline": "writer",
    "global_network_policy": "writer",
    "service_external_traffic_policy": "writer",
    "baseline_info": "reader",
    "policy_verdict_info": "verdict-reader",
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PATHS = {
    "ClusterRole": f"{_RBAC}/clusterroles",
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "ServiceAccount": "/api/v1/namespaces/kube-system/serviceaccounts",
    "Namespace": "/api/v1/namespaces",
    "Role": f"{_RBAC}/namespaces/netguard-calico/roles",
    "RoleBinding": f"{_RBAC}/namespaces/netguard-calico/rolebindings",
}

Rule = Mapping[str, Any]


def of_modules(plane: ControlPlane, directory: Path) -> dict[str, Path]:
    """For each module the kubeconfig of the account that it needs, written into the directory."""
    return {module: kubeconfig(plane, account, directory) for module, account in OF_MODULE.items()}


def kubeconfig(plane: ControlPlane, account: str, directory: Path) -> Path:
    """A kubeconfig of the account ``reader``, ``writer`` or ``verdict-reader``, which is made as docs/rbac says."""
    file = directory / f"{account}.kubeconfig"
    if file.exists():
        return file
    for manifest in read_manifests(sorted(MANIFESTS.glob("*.yaml"))):
        created(plane.admin_api(), manifest)
    token = service_account_token(plane, "kube-system", f"netguard-calico-{account}")
    return kubeconfig_for_token(plane, token, file)


def rules(account: str) -> list[Rule]:
    """All rules that hold for the account, those of both readers included where it is one."""
    of_others = ("reader", "verdict-reader") if account == "writer" else ()
    return [rule for name in (account, *of_others) for rule in own_rules(name)]


def own_rules(account: str) -> list[Rule]:
    """The rules of the account's own role."""
    manifests = read_manifests([MANIFESTS / f"{account}.yaml"])
    return [rule for manifest in manifests if manifest["kind"] == "ClusterRole" for rule in manifest["rules"]]


def with_rules(plane: ControlPlane, name: str, wanted: Sequence[Rule], directory: Path) -> Path:
    """A kubeconfig of an account that has these rules and no others; one of the same name gets them."""
    api = plane.admin_api()
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    binding = {
        **role,
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    if not created(api, {**role, "rules": list(wanted)}):
        patch = {"rules": list(wanted)}
        api.request("PATCH", f"{_PATHS['ClusterRole']}/{name}", patch, "application/merge-patch+json")
    created(api, binding)
    token = service_account_token(plane, "default", name)
    return kubeconfig_for_token(plane, token, directory / f"{name}.kubeconfig")


def created(api: Api, manifest: Mapping[str, Any]) -> bool:
    """Creates the object; False where there is one of its name."""
    try:
        api.request("POST", _PATHS[manifest["kind"]], manifest)
    except ApiError as error:
        if error.status != 409:
            raise
        return False
    return True
