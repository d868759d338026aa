# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""kube-proxy's configuration, where the installation keeps it in a ConfigMap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.errors import NetguardError
from .gateway import Gateway
from .resources import CONFIG_MAPS

# Where kubeadm, and those who build on it, and where EKS put it.
NAMESPACE, NAMES = "kube-system", ("kube-proxy", "kube-proxy-config")
KIND = "KubeProxyConfiguration"


class KubeProxyUnknown(NetguardError):
    """No ConfigMap has kube-proxy's configuration."""

    code = "kube_proxy_unknown"


def kube_proxy_configuration(gateway: Gateway) -> Mapping[str, Any]:
    """The KubeProxyConfiguration. Raises KubeProxyUnknown where there is none, Forbidden where it may not be read."""
    for name in NAMES:
        found = gateway.get(CONFIG_MAPS, name, NAMESPACE)
        for part in ((found or {}).get("data") or {}).values():
            configuration = _as_mapping(part)
            if configuration.get("kind") == KIND:
                return configuration
    raise KubeProxyUnknown(f"No ConfigMap in {NAMESPACE} has its configuration (tried: {', '.join(NAMES)})", "")


def _as_mapping(part: str) -> Mapping[str, Any]:
    """What the text of a ConfigMap is as YAML, an empty mapping where it is none."""
    # Only few runs need it.
    import yaml

    try:
        read = yaml.safe_load(part)
    except yaml.YAMLError:
        return {}
    return read if isinstance(read, dict) else {}
