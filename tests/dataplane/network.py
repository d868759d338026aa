# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three nodes, Pods and a client outside as network namespaces, joined as Calico joins them without encapsulation.

Everything is made in namespaces of the calling process (`isolated.py`), so it goes when that ends, however it ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AGENT = Path(__file__).with_name("agent.py")
POOL = "10.244.0.0/16"
HUB, OUTSIDE = "172.30.0.1", "c1"
OUTSIDE_ADDRESS = "172.30.0.100"
LOAD_BALANCER, EXTERNAL = "172.30.200.1", "172.30.201.1"
# The node to which the network outside routes the load balancer's address and the external IP.
ENTRY = "n1"
TABLE, INGRESS, EGRESS = "watched", "ingress", "egress"
# Where a Pod sends everything, as with Calico; the node answers for it.
_GATEWAY = "169.254.1.1"


@dataclass(frozen=True)
class Pod:
    """A Pod: its node and its address."""

    node: str
    address: str


NODES: Mapping[str, str] = {"n1": "172.30.0.11", "n2": "172.30.0.12", "n3": "172.30.0.13"}
POD_CIDRS: Mapping[str, str] = {"n1": "10.244.1.0/24", "n2": "10.244.2.0/24", "n3": "10.244.3.0/24"}
PODS: Mapping[str, Pod] = {
    "web1": Pod("n1", "10.244.1.10"),
    "web2": Pod("n2", "10.244.2.10"),
    "cli1": Pod("n1", "10.244.1.20"),
    "cli2": Pod("n2", "10.244.2.20"),
    "cli3": Pod("n3", "10.244.3.20"),
}


def build(nat_outgoing: bool) -> None:
    """Makes all namespaces, links, addresses and routes."""
    _run("ip link set lo up")
    _run("ip link add br0 type bridge")
    _run(f"ip addr add {HUB}/16 dev br0")
    _run("ip link set br0 up")
    # kube-apiserver looks for its own address by the default route.
    _run("ip route add default dev br0")
    for name, address in {**NODES, OUTSIDE: OUTSIDE_ADDRESS}.items():
        _join(name, address)
    for name in NODES:
        # Else only some of the connections that are refused get to know it.
        for setting in ("ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0", "icmp_ratelimit=0"):
            _within(name, f"sysctl -qw net.ipv4.{setting}")
        for other in NODES.keys() - {name}:
            _within(name, f"ip route add {POD_CIDRS[other]} via {NODES[other]}")
        if nat_outgoing:
            _within(name, f"iptables -t nat -A POSTROUTING -s {POOL} ! -d {POOL} -j MASQUERADE")
    for address in (LOAD_BALANCER, EXTERNAL):
        _within(OUTSIDE, f"ip route add {address}/32 via {NODES[ENTRY]}")
    for name, pod in PODS.items():
        _attach(name, pod)


def _join(name: str, address: str) -> None:
    """A namespace with an address in the network of the nodes."""
    _run(f"ip netns add {name}")
    _run(f"ip link add to-{name} type veth peer name eth0 netns {name}")
    _run(f"ip link set to-{name} master br0 up")
    for command in ("ip link set lo up", f"ip addr add {address}/16 dev eth0", "ip link set eth0 up"):
        _within(name, command)
    _within(name, f"ip route add default via {HUB}")


def _attach(name: str, pod: Pod) -> None:
    """A Pod's namespace behind its node, with an interface named as Calico names them."""
    interface = f"cali{name}"
    _run(f"ip netns add {name}")
    _within(pod.node, f"ip link add {interface} type veth peer name eth0 netns {name}")
    _within(pod.node, f"ip link set {interface} up")
    _within(pod.node, f"sysctl -qw net.ipv4.conf.{interface}.proxy_arp=1")
    _within(pod.node, f"ip route add {pod.address}/32 dev {interface} scope link")
    for command in (
        "ip link set lo up",
        f"ip addr add {pod.address}/32 dev eth0",
        "ip link set eth0 up",
        f"ip route add {_GATEWAY} dev eth0 scope link",
        f"ip route add default via {_GATEWAY}",
    ):
        _within(name, command)


def watch() -> None:
    """Keeps on each node what Calico's chains would see of new connections of its Pods, where those chains would be.

    Of each connection its tag (`agent.py`), with the source for ingress policy and the destination for egress policy.
    """
    # Before the chains of iptables, as Calico's own come first there; what a Pod sends to its own node goes to input.
    text = f"""
    table ip {TABLE} {{
        set {INGRESS} {{ typeof ip dscp . ip saddr; flags dynamic; size 4096; }}
        set {EGRESS} {{ typeof ip dscp . ip daddr; flags dynamic; size 4096; }}
        chain forward {{
            type filter hook forward priority -1
            ct state != new return
            oifname "cali*" add @{INGRESS} {{ ip dscp . ip saddr }}
            iifname "cali*" add @{EGRESS} {{ ip dscp . ip daddr }}
        }}
        chain input {{
            type filter hook input priority -1
            ct state new iifname "cali*" add @{EGRESS} {{ ip dscp . ip daddr }}
        }}
    }}
    """
    for node in NODES:
        subprocess.run(["ip", "netns", "exec", node, "nft", "-f", "-"], input=text, text=True, check=True)


class Agent:
    """A process in a namespace that does one thing after the other there."""

    def __init__(self, namespace: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-I", str(AGENT)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, what: str, **options: Any) -> Any:
        """What `agent.py` answers."""
        self.begin(what, **options)
        return self.end()

    def begin(self, what: str, **options: Any) -> None:
        """Has it begin something, the answer to which ``end`` waits for."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": what, **options}) + "\n")
        self._process.stdin.flush()

    def end(self) -> Any:
        """What it answers to what was begun."""
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def _within(namespace: str, command: str) -> None:
    _run(f"ip netns exec {namespace} {command}")


def _run(command: str) -> None:
    result = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{command}: {result.stderr.strip()}")
