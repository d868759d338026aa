# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transition says about the states on the way is what looking at every connection in every state says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Peer
from ansible_collections.netguard.calico.plugins.module_utils._calico.layout import Change
from ansible_collections.netguard.calico.plugins.module_utils._calico.matching import Flow
from ansible_collections.netguard.calico.plugins.module_utils._calico.policies import DIRECTIONS, Direction
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, identity, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.states import State
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from ansible_collections.netguard.calico.plugins.module_utils._calico.transition import Transition, Write
from clusters import Object, clusters, policies
from hypothesis import given
from hypothesis import strategies as st

Ends = tuple[int, int, Traffic]
Outcomes = Mapping[tuple[Direction, Ends], str]

STATES = 4
# New policies, and new versions of those that a cluster of `clusters` may have.
written = st.lists(st.integers(0, 5).flatmap(policies), min_size=1, max_size=2, unique_by=identity)
deleted = st.integers(0, 4)


class Way:
    """A cluster, its policies written one by one, and what each state does to each end of each connection."""

    def __init__(self, cluster: Snapshot, present: list[Object], number: int) -> None:
        self.steps: list[tuple[Any, Any]] = [(self._live(cluster, item), item) for item in present]
        names = {identity(item) for item in present}
        gone = [o for kind in ("GlobalNetworkPolicy", "NetworkPolicy") for o in cluster.of(kind)]
        self.steps += [(o, None) for o in gone if o["metadata"]["name"] == f"p{number}" and identity(o) not in names][
            :1
        ]
        self.snapshots = [self._state(cluster, state) for state in range(1 << len(self.steps))]
        writes = [Write(*(None if o is None else identity(o) for o in step)) for step in self.steps]
        self.transition = Transition(Evaluation(cluster), Evaluation(self.snapshots[-1]), writes)

    @staticmethod
    def _live(cluster: Snapshot, item: Object) -> Any:
        found = identity(item)
        assert found is not None
        return next((o for o in cluster.of(found[0]) if identity(o) == found), None)

    def _state(self, cluster: Snapshot, state: State) -> Snapshot:
        done = [step for number, step in enumerate(self.steps) if state >> number & 1]
        present = [come for _gone, come in done if come is not None]
        return cluster.with_change(present, [gone for gone, come in done if come is None])

    def outcomes(self, state: State) -> Outcomes:
        """By direction and connection; the source comes first."""
        evaluation, points = Evaluation(self.snapshots[state]), self.transition.space.points
        found = {}
        for direction, ends in self._questions():
            source, destination = (own(evaluation, points[end]) for end in ends[:2])
            endpoint = (source if direction == "Egress" else destination).endpoint
            if endpoint is not None:
                check = evaluation.endpoint_check(direction, endpoint, Flow(source, destination, ends[2]))
                found[direction, ends] = check.outcome
        return found

    def _questions(self) -> Iterator[tuple[Direction, Ends]]:
        points = self.transition.space.points
        for direction, layout in self.transition.layouts().items():
            kinds = [kind.example for group in layout.kinds for kind in group]
            for one, other, carried in product(range(len(points)), range(len(points)), kinds):
                source, destination = points[one], points[other]
                mixed = None not in (source.version, destination.version) and source.version != destination.version
                if not mixed and _is_looked_at(direction, source, destination):
                    yield direction, (one, other, carried)


def own(evaluation: Evaluation, peer: Peer) -> Peer:
    """The same peer as the evaluation's own inventory has it."""
    if peer.address is not None:
        return evaluation.inventory.peer_at(peer.address)
    assert peer.endpoint is not None
    return Peer(None, evaluation.inventory.workload_by_name[peer.endpoint.namespace, peer.endpoint.name])


def _is_looked_at(direction: Direction, source: Peer, destination: Peer) -> bool:
    if (source if direction == "Egress" else destination).endpoint is None:
        return False
    return source.endpoint is not destination.endpoint


def gap_ends(was: Outcomes, now: Outcomes, later: Outcomes) -> set[tuple[Direction, Ends]]:
    """The ends at which something is cut or opened on the way."""
    return {key for key, outcome in now.items() if is_gap(was[key], outcome, later[key])}


def is_gap(was: str, now: str, later: str) -> bool:
    opened = (was == later == "deny" and now != "deny") or ("allow" not in (was, later) and now == "allow")
    return opened or is_cut_on_the_way(was, now, later)


def is_cut_on_the_way(was: str, now: str, later: str) -> bool:
    return (was == later == "allow" and now != "allow") or ("deny" not in (was, later) and now == "deny")


def opened_ahead(was: Outcomes, now: Outcomes, later: Outcomes) -> set[tuple[Direction, Ends]]:
    """The ends that deny a connection before and no longer, while the other end, which denies it after, does not yet."""
    connections = {ends for _direction, ends in now}
    return {
        (one, ends)
        for ends in connections
        for one, other in (DIRECTIONS, DIRECTIONS[::-1])
        if ("Egress", ends) in now and ("Ingress", ends) in now
        if all(now[d, ends] != "deny" for d in DIRECTIONS)
        and (was[one, ends], later[one, ends] == "deny") == ("deny", False)
        and (later[other, ends], was[other, ends] == "deny") == ("deny", False)
    }


def felt(was: Outcomes, now: Outcomes, later: Outcomes) -> bool:
    """Whether the other end of a connection, where it has one, lets the gap at one end be felt."""
    for direction, ends in gap_ends(was, now, later):
        key = ("Ingress" if direction == "Egress" else "Egress", ends)
        is_cut = is_cut_on_the_way(was[direction, ends], now[direction, ends], later[direction, ends])
        if "deny" not in ((was.get(key), later.get(key)) if is_cut else (now.get(key),)):
            return True
    return False


def ends_of(change: Change) -> Iterator[tuple[Direction, Ends]]:
    points = change.layout.space.points
    for kinds, peers in change.cells():
        for subject, peer, kind in product(change.subjects, peers, kinds):
            if points[subject].endpoint is not points[peer].endpoint:
                pair = (subject, peer) if change.layout.direction == "Egress" else (peer, subject)
                yield change.layout.direction, (*pair, kind.example)


@given(clusters(), written, deleted)
def test_states_are_what_every_single_connection_says(cluster: Snapshot, present: list[Object], number: int) -> None:
    way = Way(cluster, present, number)
    last = len(way.snapshots) - 1
    known = [way.outcomes(state) for state in range(last + 1)]
    safe = way.transition.without_a_gap(range(last + 1))
    for state, now in enumerate(known):
        expected, ahead = gap_ends(known[0], now, known[last]), opened_ahead(known[0], now, known[last])
        assert (state in safe) == (not expected and not ahead)
        assert way.transition.is_without_a_gap(state) == (not ahead and not felt(known[0], now, known[last]))
        found = {ends for change in way.transition.gaps(state) for ends in ends_of(change)}
        assert found == expected | ahead
    changed = {ends for change in way.transition.changes() for ends in ends_of(change)}
    assert changed == {key for key, outcome in known[0].items() if known[last][key] != outcome}


def pod(name: str, number: int, node: str = "n1") -> Object:
    metadata = {"name": f"{name}{number}", "namespace": "shop", "labels": {"app": name}}
    status = {"phase": "Running", "podIP": f"10.0.0.{number}"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": node}, "status": status}


def node(name: str, address: str) -> Object:
    status = {"addresses": [{"type": "InternalIP", "address": address}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}


def policy(name: str, **spec: Any) -> Object:
    metadata = {"name": name}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}


def safe_states(objects: list[Object], gone: Object, come: Object) -> frozenset[State]:
    """The states without a gap where the first write deletes one policy and the second one creates another."""
    live = snapshot([*objects, gone], {}, {})
    writes = [Write(identity(gone), None), Write(None, identity(come))]
    return Transition(Evaluation(live), Evaluation(live.with_change([come], [gone])), writes).without_a_gap([1, 2])


ISOLATED = policy("isolated", order=9, types=["Ingress"])


def from_web(name: str, **source: Any) -> Object:
    return policy(name, order=1, types=["Ingress"], ingress=[{"action": "Allow", "source": source}])


def test_what_an_endpoint_sends_to_itself_is_no_gap() -> None:
    old, new = (from_web(name, selector="app == 'web'") for name in ("old", "new"))
    assert safe_states([ISOLATED, pod("web", 1)], old, new) == {1, 2}
    assert safe_states([ISOLATED, pod("web", 1), pod("web", 2)], old, new) == {2}
    assert safe_states([ISOLATED, pod("web", 1), pod("db", 2)], old, new) == {2}


def test_what_a_node_sends_to_its_own_pods_is_no_gap() -> None:
    old, new = (from_web(name, nets=["172.18.0.1/32"]) for name in ("old", "new"))
    of_nodes = [ISOLATED, node("n1", "172.18.0.1"), node("n2", "172.18.0.2")]
    assert safe_states([*of_nodes, pod("web", 1)], old, new) == {1, 2}
    assert safe_states([*of_nodes, pod("web", 1), pod("web", 2, "n2")], old, new) == {2}


def test_what_one_end_denies_before_and_the_other_after_is_not_opened_between() -> None:
    side = {"selector": "app == 'web'"}, {"selector": "app == 'db'"}
    leaving = policy("leaving", order=1, selector=side[0]["selector"], types=["Egress"])
    leaving["spec"]["egress"] = [{"action": "Deny", "destination": side[1]}, {"action": "Allow"}]
    entering = policy("entering", order=1, selector=side[1]["selector"], types=["Ingress"])
    entering["spec"]["ingress"] = [{"action": "Deny", "source": side[0]}, {"action": "Allow"}]
    pods = [pod("web", 1), pod("web", 2), pod("db", 3), pod("db", 4), pod("else", 5)]
    assert safe_states(pods, leaving, entering) == {2}
    assert safe_states(pods, entering, leaving) == {2}
    # Nobody but itself would get through to the one that both are.
    only = [pod("web", 1), pod("else", 5)]
    both = [policy(n, order=1, selector="app == 'web'", types=[t]) for n, t in (("out", "Egress"), ("in", "Ingress"))]
    for item, key, end in ((both[0], "egress", "destination"), (both[1], "ingress", "source")):
        item["spec"][key] = [{"action": "Deny", end: {"selector": "app == 'web'"}}, {"action": "Allow"}]
    assert safe_states(only, *both) == {1, 2}
    assert safe_states([*only, pod("web", 2)], *both) == {2}


def test_of_what_one_end_opens_ahead_only_what_the_other_end_closes_is_told() -> None:
    """As with the seed's baseline on a cluster where somebody's policy isolates all Pods already."""
    to_db = policy(
        "to-db", order=1, types=["Egress"], egress=[{"action": "Deny", "destination": {"selector": "app == 'db'"}}]
    )
    default = policy(
        "default", order=9, types=["Ingress", "Egress"], ingress=[{"action": "Allow"}], egress=[{"action": "Allow"}]
    )
    live = snapshot([policy("nobody", order=5, types=["Ingress"]), pod("web", 1), pod("db", 2), pod("else", 3)], {}, {})
    writes = [Write(None, identity(default)), Write(None, identity(to_db))]
    transition = Transition(Evaluation(live), Evaluation(live.with_change([default, to_db], [])), writes)
    points = transition.space.points
    told = {
        (str(points[source]), str(points[destination]))
        for change in transition.gaps(1)
        for _direction, (source, destination, _carried) in ends_of(change)
    }
    assert told == {("pod shop/web1", "pod shop/db2"), ("pod shop/else3", "pod shop/db2")}
