# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong with Services after they were changed, by what is seen of them before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .hazard import named
from .selection import full_name
from .surroundings import Surroundings, load_balancer_ingress

# What the service controller of a cloud, and kube-proxy, say of a Service that they cannot serve.
# https://github.com/kubernetes/cloud-provider/blob/master/controllers/service/controller.go and
# https://github.com/kubernetes/kubernetes/blob/master/pkg/proxy/healthcheck/service_health.go
TROUBLE = ("SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "FailedToStartServiceHealthcheck")
Object = Mapping[str, Any]


@dataclass(frozen=True)
class Sight:
    """What is seen of some Services: they by full name, their endpoints, and how often Events told of trouble, by the Service's
    full name and the Event's reason."""

    services: Mapping[str, Object]
    around: Surroundings
    events: Mapping[tuple[str, str], int]


def counted(events: Iterable[Object]) -> Mapping[tuple[str, str], int]:
    """How often these Events told of trouble with each Service."""
    counts: Counter[tuple[str, str]] = Counter()
    for event in events:
        about = event.get("involvedObject") or {}
        if about.get("kind") == "Service" and event.get("reason") in TROUBLE:
            times = (event.get("series") or {}).get("count") or event.get("count") or 1
            counts[f"{about.get('namespace')}/{about.get('name')}", event["reason"]] += times
    return counts


def trouble(before: Sight, after: Sight) -> tuple[str, ...]:
    """What is worse after than it was before, a text for each thing; empty where nothing is."""
    return tuple(text for name in before.services for text in _trouble_of(name, before, after))


def _trouble_of(name: str, before: Sight, after: Sight) -> Iterator[str]:
    service = after.services.get(name)
    if service is None:
        # Whoever deletes a Service wants it away.
        return
    for reason in TROUBLE:
        if after.events.get((name, reason), 0) > before.events.get((name, reason), 0):
            yield f"Service {name}: there is a new Event {reason}"
    was, now = load_balancer_ingress(before.services[name]), load_balancer_ingress(service)
    if was and was != now:
        yield f"Service {name}: its load balancer's address was {'changed' if now else 'taken away'}"
    gone = _ready(before.services[name], before.around) - _ready(service, after.around)
    if gone:
        yield f"Service {name}: its endpoints {named(gone)} are not ready there any more"


def _ready(service: Object, around: Surroundings) -> set[str]:
    return {f"{each.address} on {each.node or 'no node'}" for each in around.behind(service) if each.ready}


def by_name(services: Iterable[Object]) -> Mapping[str, Object]:
    """Services by their full names."""
    return {full_name(service): service for service in services}
