# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes put together so far as subjects, peers and traffic can be told apart from each other without claiming too much.

A product means every one of its subjects with every one of its peers and every kind of its traffic. Only pairs that policy never
looks at are not meant: those of unlike IP versions, an endpoint with itself, and what a node sends to its own Pods.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .._calico.inventory import Peer
from .._calico.layout import Change, Layout
from .._calico.policies import Direction
from .._calico.space import indexes_of
from .._calico.traffic_classes import TrafficClass

# So many products are told one by one; more are summed up, since nobody reads hundreds of them.
ONE_BY_ONE = 10

# Classes of subjects, groups of kinds of traffic, and classes of peers, with a bit for each.
_Box = tuple[int, int, int]


@dataclass(frozen=True)
class Product:
    """Points and traffic that change, with a pair of a subject and a peer as the example.

    ``in_part`` says that it is a sum: some of its pairs, or of their traffic, do not change.
    """

    subjects: frozenset[int]
    peers: frozenset[int]
    kinds: tuple[TrafficClass, ...]
    example: tuple[int, int, TrafficClass]
    in_part: bool = False


def _of_known_versions(layout: Layout) -> int:
    """Classes of peers without those of an IP version that no endpoint has: a Pod that waits for its address will not have it."""
    points = layout.space.points
    versions = {point.version for point in points if point.endpoint is not None} - {None} or {4, 6}
    return sum(
        1 << number
        for number, members in enumerate(layout.peers.members)
        if points[members[0]].version in {*versions, None}
    )


def products(changes: Sequence[Change]) -> list[Product]:
    """What the changes, all of one layout, are about."""
    layout = changes[0].layout
    boxes = _joined(_boxes(changes, _of_known_versions(layout)))
    # Both IP versions have products of their own until they are put together.
    if len(boxes) <= 2 * ONE_BY_ONE:
        exact = [product for box in boxes if (product := _product(layout, box)) is not None]
        paired = _with_both_versions(exact, layout)
        if len(paired) <= ONE_BY_ONE:
            return paired
    return _summed(layout, boxes)


def _boxes(changes: Sequence[Change], known: int) -> Iterator[_Box]:
    """Each distinct row of peers of each distinct grid."""
    grids: dict[int, int] = {}
    for change in changes:
        number = change.layout.subjects.of[change.subjects[0]]
        grids[number] = grids.get(number, 0) | change.grid
    subjects: dict[int, int] = {}
    for number, grid in grids.items():
        subjects[grid] = subjects.get(grid, 0) | 1 << number
    width = len(changes[0].layout.peers)
    for grid, classes in subjects.items():
        yield from ((classes, kinds, row) for row, kinds in _rows(grid, width, known).items())


def _rows(grid: int, width: int, known: int) -> dict[int, int]:
    """The kinds of traffic by their row of peers."""
    found: dict[int, int] = {}
    number = 0
    while grid:
        row = grid & known
        if row:
            found[row] = found.get(row, 0) | 1 << number
        grid, number = grid >> width, number + 1
    return found


def _joined(boxes: Iterable[_Box]) -> list[_Box]:
    """Puts together what differs in one of the three only, which leaves each box exact, as long as there is any."""
    found = list(boxes)
    while True:
        joined = found
        for axis in (1, 0, 2):
            joined = _joined_along(joined, axis)
        if len(joined) == len(found):
            return joined
        found = joined


def _joined_along(boxes: Iterable[_Box], axis: int) -> list[_Box]:
    found: dict[tuple[int, ...], int] = {}
    for box in boxes:
        rest = (*box[:axis], *box[axis + 1 :])
        found[rest] = found.get(rest, 0) | box[axis]
    return [(*rest[:axis], value, *rest[axis:]) for rest, value in found.items()]  # type: ignore[misc]


def _product(layout: Layout, box: _Box) -> Product | None:
    """The box in points, without those that have no pair that policy looks at; None where no pair is left."""
    subjects, peers = _points(layout.subjects.members, box[0]), _points(layout.peers.members, box[2])
    points = layout.space.points
    pair = next(
        (
            (subject, peer)
            for subject in subjects
            for peer in peers
            if _is_looked_at(points[subject], points[peer], layout.direction)
        ),
        None,
    )
    if pair is None:
        return None
    kinds = tuple(kind for number in indexes_of(box[1]) for kind in layout.kinds[number])
    kept = _with_a_pair(subjects, peers, layout)
    return Product(*kept, kinds, (*pair, kinds[0]))


def _is_looked_at(subject: Peer, peer: Peer, direction: Direction) -> bool:
    if peer.endpoint is not None:
        return peer.endpoint is not subject.endpoint
    return direction == "Egress" or not peer.node or subject.endpoint is None or peer.node != subject.endpoint.node


def _with_a_pair(
    subjects: Sequence[int], peers: Sequence[int], layout: Layout
) -> tuple[frozenset[int], frozenset[int]]:
    """Those that have a pair that policy looks at, found by counting: there may be millions of pairs."""
    points, is_ingress = layout.space.points, layout.direction == "Ingress"
    own = {id(points[subject].endpoint) for subject in subjects}
    nodes = {e.node for subject in subjects if (e := points[subject].endpoint) is not None}

    def has_subject(peer: Peer) -> bool:
        if peer.endpoint is not None:
            return own != {id(peer.endpoint)}
        return not (is_ingress and peer.node and nodes == {peer.node})

    kept = [peer for peer in peers if has_subject(points[peer])]
    of_endpoint = Counter(id(e) for peer in kept if (e := points[peer].endpoint) is not None)
    of_node = Counter(points[peer].node for peer in kept if is_ingress and points[peer].node)

    def has_peer(subject: Peer) -> bool:
        node = subject.endpoint.node if subject.endpoint is not None else ""
        return of_endpoint[id(subject.endpoint)] + of_node[node] < len(kept)

    return frozenset(s for s in subjects if has_peer(points[s])), frozenset(kept)


def _with_both_versions(found: Sequence[Product], layout: Layout) -> list[Product]:
    """Puts an IPv4 and an IPv6 product together that are about the same endpoints; else each would be told twice."""
    halves: dict[object, Product] = {}
    for product in found:
        versions = frozenset(layout.space.points[subject].version for subject in product.subjects)
        alike = _apart_from_version(product, layout)
        other = next((halves.pop((alike, v)) for v in (4, 6) if versions == {10 - v} and (alike, v) in halves), None)
        if other is None:
            halves[alike, next(iter(versions)) if len(versions) == 1 else product] = product
        else:
            subjects, peers = other.subjects | product.subjects, other.peers | product.peers
            halves[other] = replace(other, subjects=subjects, peers=peers)
    return list(halves.values())


def _apart_from_version(product: Product, layout: Layout) -> object:
    """What an IPv4 and an IPv6 product have in common that are about the same."""
    points = layout.space.points
    homeless = frozenset(peer for peer in product.peers if points[peer].version is None)
    return _endpoints(product.subjects, points), _endpoints(product.peers, points), homeless, product.kinds


def _endpoints(members: Iterable[int], points: Sequence[Peer]) -> frozenset[int]:
    return frozenset(id(points[index].endpoint) for index in members if points[index].endpoint is not None)


def _summed(layout: Layout, boxes: Sequence[_Box]) -> list[Product]:
    """One product around all boxes; the example is of a box, so that it does change."""
    example = next((product for box in boxes if (product := _product(layout, box)) is not None), None)
    if example is None:
        return []
    around: list[int] = [0, 0, 0]
    for box in boxes:
        around = [one | other for one, other in zip(around, box, strict=True)]
    whole = _product(layout, (around[0], around[1], around[2]))
    return [] if whole is None else [replace(whole, example=example.example, in_part=True)]


def _points(members: Sequence[Sequence[int]], classes: int) -> list[int]:
    return sorted(point for number in indexes_of(classes) for point in members[number])
