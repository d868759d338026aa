# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the baseline does not reach, although it is in place: what a list of objects in order does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.global_network_policy import DEFAULT_TIER, KIND, Policy
from .facts import ServiceFact
from .foreign import KUBERNETES_KIND, ForeignPolicy, LivePolicy, live_policy

EXAMPLES = 5
_ENDPOINT_MATCHES = ("selector", "namespaceSelector", "serviceAccounts")


@dataclass(frozen=True)
class Gap:
    """One way past the baseline: a stable ``id``, a sentence, and the objects that it is about.

    ``remedies`` are what may be done about it, the first one first, and ``manifest`` is the policy of which that speaks, if any.
    """

    id: str
    message: str
    subjects: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    manifest: Mapping[str, Any] | None = None

    def as_result(self) -> dict[str, Any]:
        """As modules return it."""
        return {
            "id": self.id,
            "message": self.message,
            "subjects": list(self.subjects),
            "remedies": list(self.remedies),
            "manifest": None if self.manifest is None else dict(self.manifest),
        }


def gaps(
    ours: Sequence[Policy],
    live: Sequence[LivePolicy],
    foreign: Sequence[ForeignPolicy],
    services: Sequence[ServiceFact],
) -> tuple[Gap, ...]:
    """Every gap that these objects show. Pods are not looked at, so each says what may happen, not to whom."""
    found = (
        *_foreign_first(foreign),
        *_lost_isolation(ours, live),
        *_node_ports(ours, services),
        *_opted_out(services),
    )
    return tuple(found)


def _foreign_first(foreign: Sequence[ForeignPolicy]) -> Iterable[Gap]:
    deciding = [f for f in foreign if f.place.kind != KUBERNETES_KIND]
    if deciding:
        yield Gap(
            "foreign_policy_first",
            f"{len(deciding)} Calico policies of others come before policies of the baseline; "
            f"what they allow or deny is decided without it: {_examples(_names(deciding))}",
            _names(deciding),
        )


def _lost_isolation(ours: Sequence[Policy], live: Sequence[LivePolicy]) -> Iterable[Gap]:
    """What a NetworkPolicy selects and does not match falls through to a later Allow of everything in its tier."""
    closing = [(p.name, live_policy(KIND, p.manifest())) for p in ours]
    for name, policy in closing:
        opened = [
            other
            for other in live
            if other.place.kind != KIND
            and other.place.tier == policy.place.tier == DEFAULT_TIER
            and other.place.key({}) < policy.place.key({})
            and any(_allows_everything(policy.spec, way) for way in set(policy.directions) & set(other.directions))
        ]
        if opened:
            yield Gap(
                "network_policy_falls_through",
                f"{name} allows everything after {len(opened)} NetworkPolicies of the tier default: what these select "
                f"and do not match is allowed, no longer denied: {_examples(_names(opened))}",
                _names(opened),
            )


def _allows_everything(spec: Mapping[str, Any], direction: str) -> bool:
    rules = spec.get(direction.lower()) or []
    return any(rule.get("action") == "Allow" and not _narrowed(rule) for rule in rules)


def _narrowed(rule: Mapping[str, Any]) -> bool:
    return any(value not in (None, {}, [], "") for key, value in rule.items() if key not in ("action", "metadata"))


def _node_ports(ours: Sequence[Policy], services: Sequence[ServiceFact]) -> Iterable[Gap]:
    denying = [p.name for p in ours if any(_denies_endpoints(rule) for rule in p.spec.get("egress") or [])]
    exposed = tuple(f"{s.namespace}/{s.name}" for s in services if s.type in ("NodePort", "LoadBalancer"))
    if denying and exposed:
        yield Gap(
            "egress_by_node_port",
            f"{', '.join(denying)} denies egress to endpoints by selector. A pod that asks another node's NodePort is seen "
            f"going to that node, which no selector covers: {len(exposed)} Services may be reached so: {_examples(exposed)}",
            exposed,
        )


def _denies_endpoints(rule: Mapping[str, Any]) -> bool:
    destination = rule.get("destination") or {}
    return rule.get("action") == "Deny" and any(destination.get(key) for key in _ENDPOINT_MATCHES)


def _opted_out(services: Sequence[ServiceFact]) -> Iterable[Gap]:
    ignored = tuple(f"{s.namespace}/{s.name}" for s in services if s.status == "ignored")
    if ignored:
        yield Gap(
            "service_opted_out",
            f"{len(ignored)} Services are left alone by annotation; policy may see a node's address there: "
            f"{_examples(ignored)}",
            ignored,
        )


def _names(policies: Sequence[LivePolicy] | Sequence[ForeignPolicy]) -> tuple[str, ...]:
    return tuple(f"{p.place.namespace}/{p.place.name}" if p.place.namespace else p.place.name for p in policies)


def _examples(names: Sequence[str]) -> str:
    more = len(names) - EXAMPLES
    return ", ".join(names[:EXAMPLES]) + (f" and {more} more" if more > 0 else "")
