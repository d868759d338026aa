# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kube-proxy on each node of the lab."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from network import HUB, NODES, Agent

_METRICS = 10249
_READY_SECONDS = 60.0
_LAST = re.compile(r"""^kubeproxy_sync_proxy_rules_last_timestamp_seconds\{ip_family="IPv4"\} (\S+)$""", re.MULTILINE)


@dataclass(frozen=True)
class Settings:
    """The settings that differ between labs, as KubeProxyConfiguration spells them."""

    mode: str = "iptables"
    detect_local_mode: str = "ClusterCIDR"
    cluster_cidr: str = "10.244.0.0/16"
    interface_prefix: str = ""
    masquerade_all: bool = False


def start(program: Path, settings: Settings, kubeconfig: Path, server: str, directory: Path) -> None:
    """Starts them; they end with the namespaces."""
    own = directory / "kube-proxy.kubeconfig"
    own.write_text(
        json.dumps(_reachable(yaml.safe_load(kubeconfig.read_text(encoding="utf-8")), server)), encoding="utf-8"
    )
    own.chmod(0o600)
    for node in NODES:
        file = directory / f"{node}.json"
        file.write_text(json.dumps(configuration(settings, node, own)), encoding="utf-8")
        command = ["ip", "netns", "exec", node, str(program), f"--config={file}", f"--hostname-override={node}"]
        with (directory / f"{node}.log").open("w", encoding="utf-8") as log:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def configuration(settings: Settings, node: str, kubeconfig: Path) -> dict[str, Any]:
    """The KubeProxyConfiguration of a node."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "mode": settings.mode,
        "clusterCIDR": settings.cluster_cidr,
        "detectLocalMode": settings.detect_local_mode,
        "detectLocal": {"interfaceNamePrefix": settings.interface_prefix},
        "metricsBindAddress": f"127.0.0.1:{_METRICS}",
        # A sync that no change is the reason of would be taken for the one that is waited for.
        "iptables": {"masqueradeAll": settings.masquerade_all, "minSyncPeriod": "0s", "syncPeriod": "1h"},
        "nftables": {"masqueradeAll": settings.masquerade_all, "minSyncPeriod": "100ms", "syncPeriod": "1h"},
        # These are the machine's, which a network namespace may not change.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "hostnameOverride": node,
    }


def until_synced(agents: Mapping[str, Agent], since: float) -> None:
    """Waits until each kube-proxy has written its rules after a moment, since which it heard of one change. Raises TimeoutError.

    Of two, the second may come while it writes its rules for the first.
    """
    deadline = time.monotonic() + _READY_SECONDS
    waiting = set(NODES)
    while waiting:
        waiting = {node for node in waiting if _last_sync(agents[node]) < since}
        if time.monotonic() > deadline:
            raise TimeoutError(f"kube-proxy on {', '.join(sorted(waiting))} did not write its rules")
        time.sleep(0.1)


def _last_sync(agent: Agent) -> float:
    _status, text = agent.do("get", address="127.0.0.1", port=_METRICS, path="/metrics")
    return max((float(found) for found in _LAST.findall(text)), default=-1.0)


def _reachable(kubeconfig: dict[str, Any], server: str) -> dict[str, Any]:
    """The same for somebody who reaches the server through the relay, under a name that its certificate has."""
    for cluster in kubeconfig["clusters"]:
        cluster["cluster"] |= {"server": f"https://{HUB}:{urlsplit(server).port}", "tls-server-name": "localhost"}
    return kubeconfig


def relay(server: str) -> None:
    """Lets nodes reach the API server, which listens on the loopback address only."""
    port = urlsplit(server).port
    listening = socket.create_server((HUB, port))
    threading.Thread(target=_accept, args=(listening, port), daemon=True).start()


def _accept(listening: socket.socket, port: int) -> None:
    while True:
        client, _source = listening.accept()
        behind = socket.create_connection(("127.0.0.1", port))
        for one, other in ((client, behind), (behind, client)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    try:
        while content := one.recv(65536):
            other.sendall(content)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (one, other):
            each.close()
