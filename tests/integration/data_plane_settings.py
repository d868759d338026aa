# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects in which kube-proxy's and Calico's settings stand: each with the path where it is created."""

from __future__ import annotations

import json
from typing import Any

Object = dict[str, Any]
KUBE_SYSTEM = "/api/v1/namespaces/kube-system/configmaps"
CALICO = "/apis/projectcalico.org/v3"


def kube_proxy(**configuration: Any) -> tuple[str, Object]:
    """kube-proxy's ConfigMap as kubeadm makes it, beside a part that is none of its configuration."""
    text = json.dumps({"kind": "KubeProxyConfiguration", **configuration})
    data = {"config.conf": text, "kubeconfig.conf": "kind: Config\n"}
    return KUBE_SYSTEM, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-proxy"}, "data": data}


def calico(kind: str, name: str, **spec: Any) -> tuple[str, Object]:
    body = {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}, "spec": spec}
    return f"{CALICO}/{kind.lower()}s", body


def calico_node(**environment: str) -> tuple[str, Object]:
    """The DaemonSet calico-node with this environment."""
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    labels = {"k8s-app": "calico-node"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "calico-node", "image": "calico", "env": variables}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template, "updateStrategy": {"type": "OnDelete"}}
    body = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "calico-node"}, "spec": spec}
    return "/apis/apps/v1/namespaces/kube-system/daemonsets", body
