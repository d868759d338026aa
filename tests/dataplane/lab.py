# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make dataplane`: real connections through real kube-proxies on three nodes, held against what is predicted.

For each client and path, before and after service_external_traffic_policy has run from a playbook, and in other states of the
Service: connections until everything that is predicted was seen, and then some more, in which nothing else must show. Prints a
table and exits with 1 where something differs. Where the machine cannot have such a lab it says why, and exits with 0, or with
1 where the environment's NETGUARD_LAB is ``required``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "cluster"), str(ROOT / "plugins" / "module_utils")]

from _service import data_plane as dp  # noqa: E402

import isolated  # noqa: E402
import network  # noqa: E402
import objects  # noqa: E402
import playbook  # noqa: E402
import proxies  # noqa: E402
from binaries import KUBE_PROXY, find_or_build  # noqa: E402
from control_plane import Api, ControlPlane, start, stop  # noqa: E402
from measuring import Expected, Measuring  # noqa: E402
from network import NODES, OUTSIDE, POD_CIDRS, PODS, POOL, Agent  # noqa: E402

ENDPOINTS = tuple(dp.Endpoint(name, pod.node, pod.address) for name, pod in PODS.items() if name.startswith("web"))
# Enough for what depends on the endpoints alone: a Pod beside an endpoint and one that is not, a node and somebody outside.
FEW = ("web2", "cli1", "cli3", "n1", "n3", OUTSIDE)


@dataclass(frozen=True)
class Lab:
    """A lab by its name: how kube-proxy is set, if nodes masquerade what leaves the pool, and if all states are looked at."""

    name: str
    proxy: proxies.Settings
    nat_outgoing: bool = True
    has_all_states: bool = False

    @property
    def plane(self) -> dp.DataPlane:
        """The same for the prediction."""
        proxy = self.proxy
        detection = dp.LocalDetection(proxy.detect_local_mode, proxy.cluster_cidr, proxy.interface_prefix)
        nodes = {name: dp.Node(name, address, POD_CIDRS[name]) for name, address in NODES.items()}
        nat = dp.NatOutgoing((POOL,) if self.nat_outgoing else (), (POOL,))
        return dp.DataPlane(nodes, dp.KubeProxy(detection, proxy.masquerade_all, proxy.mode), nat)


BY_INTERFACE = proxies.Settings(detect_local_mode="InterfaceNamePrefix", interface_prefix="cali")
LABS = (
    Lab("iptables", proxies.Settings(), has_all_states=True),
    Lab("nftables", proxies.Settings("nftables"), has_all_states=True),
    Lab("iptables-by-interface", BY_INTERFACE),
    Lab("nftables-without-detection", proxies.Settings("nftables", cluster_cidr="")),
    Lab("iptables-masquerade-all", proxies.Settings(masquerade_all=True)),
    Lab("nftables-without-nat-outgoing", proxies.Settings("nftables"), nat_outgoing=False),
)


def main(arguments: Sequence[str]) -> int:
    if isolated.is_isolated():
        program, name = arguments
        with tempfile.TemporaryDirectory(prefix="netguard-lab-") as directory:
            return _run(Path(program), next(lab for lab in LABS if lab.name == name), Path(directory))
    reason = isolated.missing()
    if reason:
        print(f"the data plane lab is skipped: {reason}")
        return 1 if os.environ.get("NETGUARD_LAB") == "required" else 0
    found = find_or_build([KUBE_PROXY])[KUBE_PROXY.name]
    chosen = [lab for lab in LABS if not arguments or lab.name in arguments]
    if not chosen:
        print(f"no such lab; there are: {', '.join(lab.name for lab in LABS)}")
        return 2
    return max(isolated.run([__file__, str(found), lab.name]) for lab in chosen)


def _run(program: Path, lab: Lab, directory: Path) -> int:
    """One lab from nothing to its end; 1 where something differs."""
    began = time.monotonic()
    network.build(lab.nat_outgoing)
    plane = start(directory / "plane")
    try:
        objects.create(plane.admin_api())
        proxies.relay(plane.server)
        proxies.start(program, lab.proxy, plane.kubeconfig, plane.server, directory)
        different = _States(lab, plane, directory).measured()
    finally:
        stop(plane.directory)
    result = f"{different} rows DIFFER" if different else "all as predicted"
    print(f"{lab.name}: {result}, in {time.monotonic() - began:.0f} s", flush=True)
    return 1 if different else 0


class _States:
    """The states of the Service, one after the other."""

    def __init__(self, lab: Lab, plane: ControlPlane, directory: Path) -> None:
        self._lab, self._plane, self._directory = lab, plane, directory
        self._api: Api = plane.admin_api()
        self._agents = {name: Agent(name) for name in (*NODES, *PODS, OUTSIDE)}
        for endpoint in ENDPOINTS:
            self._agents[endpoint.name].do("serve", name=endpoint.name, port=objects.TARGET_PORT)
        addresses = {
            dp.CLUSTER_IP: objects.service(self._api)["spec"]["clusterIP"],
            dp.LOAD_BALANCER: network.LOAD_BALANCER,
            dp.EXTERNAL_IP: network.EXTERNAL,
        }
        self._measuring = Measuring(lab.name, lab.plane, self._agents, addresses)

    def measured(self) -> int:
        """How many rows differ in all states."""
        before = objects.service(self._api)["spec"]
        different = self._table(time.time() - 60, Expected("before", _service("Cluster")))
        since = time.time()
        playbook.run(ROOT, self._plane.kubeconfig, self._directory, state="present")
        different += self._table(since, Expected("Local by the playbook", _service("Local")))
        health: int = objects.service(self._api)["spec"]["healthCheckNodePort"]
        different += self._health(health, {"n1": 200, "n2": 200, "n3": 503})
        if self._lab.has_all_states:
            different += self._others(health)
        since = time.time()
        playbook.run(ROOT, self._plane.kubeconfig, self._directory, state="absent")
        different += self._table(since, Expected("after the revert", _service("Cluster"), FEW))
        different += self._health(health, dict.fromkeys(NODES, 0))
        after = objects.service(self._api)["spec"]
        if after != before:
            print(f"{self._lab.name}: the revert DIFFERS: {before} became {after}")
        return different + int(after != before)

    def _others(self, health: int) -> int:
        """Local in other states of the Service and of its endpoints."""
        one, two = ENDPOINTS
        different = self._changed(
            "internalTrafficPolicy Local", _service("Local", internal="Local"), internalTrafficPolicy="Local"
        )
        objects.change(self._api, internalTrafficPolicy="Cluster")
        different += self._changed("sessionAffinity", _service("Local"), sticks=True, sessionAffinity="ClientIP")
        objects.change(self._api, sessionAffinity="None")
        since = time.time()
        objects.ready(self._api, one.name, is_ready=False)
        different += self._table(since, Expected("one endpoint", _service("Local", endpoints=(two,)), FEW))
        different += self._health(health, {"n1": 503, "n2": 200, "n3": 503})
        since = time.time()
        objects.end(self._api, two.name)
        ending = dp.Endpoint(two.name, two.node, two.address, ready=False, serving=True, terminating=True)
        different += self._table(since, Expected("a terminating endpoint", _service("Local", endpoints=(ending,)), FEW))
        different += self._health(health, dict.fromkeys(NODES, 503))
        since = time.time()
        objects.gone(self._api, two.name)
        different += self._table(since, Expected("no endpoint", _service("Local", endpoints=()), FEW))
        since = time.time()
        objects.ready(self._api, one.name, is_ready=True)
        objects.pod(self._api, two.name)
        return different + self._table(since, Expected("all endpoints again", _service("Local"), FEW))

    def _changed(self, name: str, service: dp.ServicePort, sticks: bool = False, **spec: str) -> int:
        since = time.time()
        objects.change(self._api, **spec)
        return self._table(since, Expected(name, service, FEW, sticks))

    def _table(self, since: float, expected: Expected) -> int:
        ready = {endpoint.address for endpoint in expected.service.endpoints}
        objects.until_endpoints(self._api, ready)
        proxies.until_synced(self._agents, since)
        return self._measuring.table(expected)

    def _health(self, port: int, expected: dict[str, int]) -> int:
        """What the health check's port says on each node; 0 is that nobody answers."""
        asker = self._agents[OUTSIDE]
        found = {node: asker.do("get", address=NODES[node], port=port, path="/")[0] for node in NODES}
        said = "as expected" if found == expected else f"DIFFERS from {expected}"
        print(f"{self._lab.name}: health check port {port}: {found}, {said}", flush=True)
        return int(found != expected)


def _service(policy: str, internal: str = "Cluster", endpoints: tuple[dp.Endpoint, ...] = ENDPOINTS) -> dp.ServicePort:
    return dp.ServicePort(endpoints, policy, internal)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
