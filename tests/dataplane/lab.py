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
import proxies  # noqa: E402
from binaries import KUBE_PROXY, find_or_build  # noqa: E402
from control_plane import start, stop  # noqa: E402
from network import NODES, POD_CIDRS, POOL  # noqa: E402
from playbook import Playbook  # noqa: E402
from states import ENDPOINTS, States  # noqa: E402


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
    Lab("iptables-without-nat-outgoing", proxies.Settings(), nat_outgoing=False),
    Lab("nftables-without-nat-outgoing", proxies.Settings("nftables"), nat_outgoing=False),
)


def main(arguments: Sequence[str]) -> int:
    if isolated.is_isolated():
        program, name = arguments
        return _run(Path(program), next(lab for lab in LABS if lab.name == name))
    isolated.end_with_parent()
    reason = isolated.missing()
    if reason:
        print(f"data plane labs: skipped, {reason}")
        return 1 if os.environ.get("NETGUARD_LAB") == "required" else 0
    found = find_or_build([KUBE_PROXY])[KUBE_PROXY.name]
    chosen = [lab for lab in LABS if not arguments or lab.name in arguments]
    if not chosen:
        print(f"no such lab; there are: {', '.join(lab.name for lab in LABS)}")
        return 2
    return max([isolated.run([__file__, str(found), lab.name]) for lab in chosen])


def _run(program: Path, lab: Lab) -> int:
    """One lab from nothing to its end; 1 where something differs."""
    began = time.monotonic()
    network.build(lab.nat_outgoing)
    plane = start(isolated.FOLDER / "plane")
    try:
        objects.create(plane.admin_api())
        objects.until_endpoints(plane.admin_api(), ENDPOINTS)
        proxies.relay(plane.server)
        proxies.start(program, lab.proxy, plane.kubeconfig, plane.server, isolated.FOLDER)
        states = States(lab.name, lab.plane, plane.admin_api(), Playbook(ROOT, plane.kubeconfig, isolated.FOLDER))
        states.local_and_back(between=states.local_otherwise if lab.has_all_states else lambda health: None)
        if lab.has_all_states:
            states.cluster_and_back()
    finally:
        stop(plane.directory)
    good, rows = states.rows.count(True), len(states.rows)
    print(
        f"data plane lab {lab.name}: {good} of {rows} rows as predicted, {time.monotonic() - began:.0f} s", flush=True
    )
    return 0 if good == rows else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
