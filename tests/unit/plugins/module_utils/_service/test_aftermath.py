# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as trouble after a Service was changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._service.aftermath import Sight, by_name, counted, trouble
from ansible_collections.netguard.calico.plugins.module_utils._service.surroundings import surroundings

Object = dict[str, Any]
EVENT = {"involvedObject": {"kind": "Service", "namespace": "shop", "name": "web"}, "reason": "SyncLoadBalancerFailed"}


def sight(
    *addresses: str, endpoints: tuple[str, ...] = (), events: tuple[Object, ...] = (), there: bool = True
) -> Sight:
    ingress = [{"ip": address} for address in addresses]
    service = {"metadata": {"namespace": "shop", "name": "web"}, "status": {"loadBalancer": {"ingress": ingress}}}
    labels = {"kubernetes.io/service-name": "web"}
    ready = [{"addresses": [address], "nodeName": "n1"} for address in endpoints]
    piece = {
        "metadata": {"namespace": "shop", "labels": labels},
        "addressType": "IPv4",
        "endpoints": ready,
        "ports": [{}],
    }
    return Sight(by_name([service] if there else []), surroundings([piece], []), counted(events))


def test_what_stays_or_gets_better_is_no_trouble() -> None:
    before = sight("192.0.2.1", endpoints=("10.244.1.10",), events=(EVENT,))
    assert trouble(before, before) == ()
    assert trouble(sight(), sight("192.0.2.1", endpoints=("10.244.1.10",))) == ()
    assert trouble(before, sight("192.0.2.1", endpoints=("10.244.1.10", "10.244.1.11"))) == ()


def test_a_service_that_was_deleted_meanwhile_is_no_trouble() -> None:
    assert trouble(sight("192.0.2.1"), sight(there=False)) == ()


def test_an_address_that_changes_or_goes() -> None:
    assert trouble(sight("192.0.2.1"), sight()) == ("Service shop/web: its load balancer's address was taken away",)
    assert trouble(sight("192.0.2.1"), sight("192.0.2.2")) == (
        "Service shop/web: its load balancer's address was changed",
    )


def test_an_endpoint_that_goes() -> None:
    (text,) = trouble(sight(endpoints=("10.244.1.10", "10.244.1.11")), sight(endpoints=("10.244.1.10",)))
    assert text == "Service shop/web: its endpoints 10.244.1.11 on n1 are not ready there any more"


def test_an_event_that_is_new_or_comes_again() -> None:
    said = ("Service shop/web: there is a new Event SyncLoadBalancerFailed",)
    again = {**EVENT, "count": 4}
    assert trouble(sight(), sight(events=(EVENT,))) == said
    assert trouble(sight(events=({**EVENT, "count": 3},)), sight(events=(again,))) == said
    assert trouble(sight(events=(again,)), sight(events=(again,))) == ()
    assert trouble(sight(events=(EVENT,)), sight(events=({**EVENT, "series": {"count": 2}},))) == said


def test_other_events_are_no_trouble() -> None:
    fine = {**EVENT, "reason": "EnsuredLoadBalancer"}
    of_a_pod = {**EVENT, "involvedObject": {**EVENT["involvedObject"], "kind": "Pod"}}
    assert trouble(sight(), sight(events=(fine, of_a_pod))) == ()
