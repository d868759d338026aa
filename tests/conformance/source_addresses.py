# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the predicted source addresses with what real kube-proxy and Calico were measured to do.

``python3 source_addresses.py FILE`` reads labs with their settings and rows, packed (``.gz``) or not, and prints a line for
each. The exit status is 0 where every row is as predicted, 1 where one differs or there is none, 2 where the file cannot be read.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# Python put this folder itself first, in which some modules have names of the standard library.
sys.path[:] = [p for p in sys.path if Path(p).resolve() != HERE]
sys.path[:0] = [str(HERE.parents[1] / "plugins" / "module_utils")]

from _service import data_plane  # noqa: E402
from _service.data_plane import (  # noqa: E402
    Address,
    Client,
    DataPlane,
    Endpoint,
    KubeProxy,
    LocalDetection,
    NatOutgoing,
    Node,
    ServicePort,
    Target,
)
from _service.source_address import Outcome, outcomes  # noqa: E402

SHOWN = 10
Seen = frozenset[tuple[str | None, str | None, tuple[str, ...], tuple[str, ...], str]]


def main(file: Path) -> int:
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        labs = [Lab(lab) for lab in json.loads(content)["labs"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        print(f"{file} cannot be read: {type(error).__name__}: {error}")
        return 2
    counts = [_compare(lab) for lab in labs]
    return 0 if counts and all(rows and not different for rows, different in counts) else 1


def _compare(lab: Lab) -> tuple[int, int]:
    """Prints a lab's line and its first differences; the number of its rows, and of those that differ."""
    different = [text for row in lab.rows if (text := lab.difference(row))]
    print(f"{lab.name}: rows {len(lab.rows) - len(different)} of {len(lab.rows)}")
    for text in islice(different, SHOWN):
        print(f"  {text}")
    return len(lab.rows), len(different)


@dataclass(frozen=True)
class Lab:
    """A lab as the file has it."""

    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.content["name"])

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = self.content["rows"]
        return rows

    def difference(self, row: Mapping[str, Any]) -> str:
        """What differs in a row, empty where nothing does; an error of the compared code is a difference too."""
        title = f"{row['external_traffic_policy']}, {row['client']} to {row['target']}"
        try:
            predicted = self._predicted(row)
        except Exception as error:
            return f"{title}: {type(error).__name__}: {error}"
        measured = frozenset(_measured(seen) for seen in row["seen"])
        if predicted == measured:
            return ""
        missing, added = sorted(map(str, measured - predicted)), sorted(map(str, predicted - measured))
        return f"{title}: measured and not predicted {missing}, predicted and not measured {added}"

    def _predicted(self, row: Mapping[str, Any]) -> Seen:
        target = self._target(row["target"], row["client"])
        client, service = self._client(row["client"]), self._service(row["external_traffic_policy"])
        return frozenset(_shown(outcome) for outcome in outcomes(client, target, service, self._plane()))

    def _plane(self) -> DataPlane:
        proxy, calico = self.content["kube_proxy"], self.content["calico"]
        detection = LocalDetection(
            proxy["detect_local_mode"], proxy["cluster_cidr"] or "", proxy["pod_interface_name_prefix"] or ""
        )
        pools = tuple(calico["pools"])
        nodes_excluded = calico["nat_outgoing_exclusions"] == "IPPoolsAndHostIPs"
        nat = NatOutgoing(pools if calico["nat_outgoing"] else (), pools, nodes_excluded)
        nodes = {
            name: Node(name, node["address"], node.get("pod_cidr") or "")
            for name, node in self.content["nodes"].items()
        }
        kube_proxy = KubeProxy(detection, proxy["masquerade_all"], proxy["mode"])
        if proxy.get("version"):
            major, minor, *_rest = proxy["version"].split(".")
            kube_proxy = replace(kube_proxy, release=(int(major), int(minor)))
        return DataPlane(nodes, kube_proxy, nat)

    def _service(self, external_policy: str) -> ServicePort:
        service, pods = self.content["service"], self.content["pods"]
        endpoints = tuple(Endpoint(name, pods[name]["node"], pods[name]["ip"]) for name in service["endpoints"])
        return ServicePort(endpoints, external_policy, service.get("internal_traffic_policy") or "Cluster")

    def _client(self, name: str) -> Client:
        if name in self.content["pods"]:
            pod = self.content["pods"][name]
            return Client(Address(data_plane.POD, name, pod["ip"]), pod["node"])
        if name in self.content["nodes"]:
            return Client(Address(data_plane.NODE, name, self.content["nodes"][name]["address"]), name)
        return Client(Address(data_plane.OUTSIDE, name, self.content["outside"][name]["address"]))

    def _target(self, text: str, client: str) -> Target:
        kind, _at, name = text.partition("@")
        if kind == data_plane.NODE_PORT:
            return Target(kind, name, self.content["nodes"][name]["address"])
        if kind == data_plane.POD_IP:
            return Target(kind, name, self.content["pods"][name]["ip"])
        entry = self.content["outside"].get(client, {}).get("load_balancer_address_routed_to") or ""
        return Target(kind, "", self.content["service"].get(kind) or "", entry)


def _measured(seen: Mapping[str, Any]) -> tuple[Any, ...]:
    policies = (tuple(sorted(seen[key])) for key in ("ingress_policy_sees", "egress_policy_sees"))
    return (seen["endpoint"], seen["process_sees"], *policies, seen.get("answer") or "")


def _shown(outcome: Outcome) -> tuple[Any, ...]:
    process = None if outcome.process_sees is None else str(outcome.process_sees)
    policies = (tuple(_names(each)) for each in (outcome.ingress_policy_sees, outcome.egress_policy_sees))
    return (outcome.endpoint, process, *policies, outcome.answer)


def _names(address: Address | None) -> Iterator[str]:
    if address is not None:
        yield str(address)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FILE")
    sys.exit(main(Path(sys.argv[1])))
