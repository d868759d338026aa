# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many Services, half of them drifted, while somebody else keeps changing the same ones."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import ORIGINAL

from ansible_run import Ansible
from cluster_content import Content
from conftest import OWN

# Neither what is done to a Service nor who else does it has to do with how Calico's API is served.
pytestmark = [pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session"), pytest.mark.any_versions]
NAMESPACES, EACH = [f"many-{number}" for number in range(20)], 50
AT_ONCE = 8
Object = dict[str, Any]


def make(content: Content, namespace: str, number: int) -> None:
    """A Service that differs from its neighbours; every other one is Local already."""
    kind = "LoadBalancer" if number % 5 == 0 else "NodePort"
    policy = "Local" if number % 2 else "Cluster"
    more: Object = {"sessionAffinity": "ClientIP"} if number % 3 == 0 else {}
    ports = [{"name": "web", "port": 80 + number}]
    labels, annotations = {"n": str(number)}, {"owner": f"team-{number}"}
    content.service(
        namespace,
        f"s{number}",
        kind,
        ports=ports,
        externalTrafficPolicy=policy,
        labels=labels,
        annotations=annotations,
        **more,
    )


def all_services(content: Content) -> dict[tuple[str, str], Object]:
    found: dict[tuple[str, str], Object] = {}
    for namespace in NAMESPACES:
        found |= {(namespace, name): service for name, service in content.services(namespace).items()}
    return found


def others_fields(service: Object) -> Object:
    """A Service without what is ours to change, what the server keeps of each change, and what somebody else changes here."""
    kept = deepcopy(service)
    for name in ("resourceVersion", "managedFields", "generation"):
        kept["metadata"].pop(name, None)
    kept["metadata"]["labels"].pop("touched", None)
    kept["metadata"].get("annotations", {}).pop(ORIGINAL, None)
    for name in ("externalTrafficPolicy", "healthCheckNodePort"):
        kept["spec"].pop(name, None)
    return kept


@contextmanager
def somebody_changing(content: Content) -> Iterator[dict[tuple[str, str], str]]:
    """Labels Services without end, one after the other, and gives what each was labelled last."""
    last: dict[tuple[str, str], str] = {}
    over = threading.Event()

    def change() -> None:
        chance = random.Random(1)
        count = 0
        while not over.is_set():
            key = (chance.choice(NAMESPACES), f"s{chance.randrange(EACH)}")
            count += 1
            content.patch_service(*key, {"metadata": {"labels": {"touched": str(count)}}})
            last[key] = str(count)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield last
    finally:
        over.set()
        thread.join()


def test_all_end_as_wanted_and_nothing_else_of_them_is_changed(ansible: Ansible, content: Content) -> None:
    for namespace in NAMESPACES:
        content.namespace(namespace)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda pair: make(content, *pair), [(n, i) for n in NAMESPACES for i in range(EACH)]))
    before = all_services(content)
    assert len(before) == len(NAMESPACES) * EACH

    with somebody_changing(content) as last:
        answer = ansible.module("service_external_traffic_policy", namespaces=["many-*"])
    assert not answer.failed, answer.output
    counts = answer.result["counts"]
    assert (counts["changed"], counts["unchanged"], counts["total"]) == (
        len(before) // 2,
        len(before) // 2,
        len(before),
    )
    assert answer.result["conflicts"] > 0

    after = all_services(content)
    assert {service["spec"]["externalTrafficPolicy"] for service in after.values()} == {"Local"}
    assert {key for key in before if others_fields(before[key]) != others_fields(after[key])} == set()
    assert {key: after[key]["metadata"]["labels"]["touched"] for key in last} == last
    again = ansible.module("service_external_traffic_policy", namespaces=["many-*"])
    assert (again.changed, again.result["conflicts"]) == (False, 0)
