# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service account tokens of a running control plane, for tests that must not be administrators."""

from __future__ import annotations

from pathlib import Path

from api import ApiError
from kubeconfig import by_token, write_kubeconfig
from lifecycle import ControlPlane

_SECONDS = 3600


def service_account_token(control_plane: ControlPlane, namespace: str, name: str) -> str:
    """A token of the service account, good for an hour; the account is made where it is missing.

    Raises ApiError where the server refuses, for example because there is no such namespace.
    """
    api = control_plane.admin_api()
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    try:
        api.request("POST", accounts, account)
    except ApiError as error:
        if error.status != 409:
            raise
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _SECONDS},
    }
    return str(api.request("POST", f"{accounts}/{name}/token", request)["status"]["token"])


def kubeconfig_for_token(control_plane: ControlPlane, token: str, path: Path) -> Path:
    """Write a kubeconfig for the token, readable by its owner only; returns its path."""
    return write_kubeconfig(path, control_plane.server, control_plane.ca, by_token(token))
