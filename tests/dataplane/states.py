# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a lab's Services, and what is measured in each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from _service import data_plane as dp

import network
import objects
import proxies
from api import Api
from measuring import Expected, Measuring
from network import NODES, OUTSIDE, PODS, Agent
from playbook import Playbook

ENDPOINTS = tuple(dp.Endpoint(name, pod.node, pod.address) for name, pod in PODS.items() if name.startswith("web"))
# Enough for what depends on the endpoints alone: a Pod beside an endpoint and one that is not, a node and somebody outside.
FEW = ("web2", "cli1", "cli3", "n1", "n3", OUTSIDE)
# What a health check port answers on each node; 0 is that nobody does.
WITH_ENDPOINTS = {"n1": 200, "n2": 200, "n3": 503}
NOBODY = dict.fromkeys(NODES, 0)


class States:
    """One state after the other; ``rows`` says of each row that was printed whether it is as predicted."""

    def __init__(self, lab: str, plane: dp.DataPlane, api: Api, playbook: Playbook) -> None:
        self.rows: list[bool] = []
        self._lab, self._api, self._playbook = lab, api, playbook
        self._agents = {name: Agent(name) for name in (*NODES, *PODS, OUTSIDE)}
        for endpoint in ENDPOINTS:
            self._agents[endpoint.name].do("serve", name=endpoint.name, port=objects.TARGET_PORT)
        addresses = {
            dp.CLUSTER_IP: objects.service(api)["spec"]["clusterIP"],
            dp.LOAD_BALANCER: network.LOAD_BALANCER,
            dp.EXTERNAL_IP: network.EXTERNAL,
        }
        proxies.until_synced(self._agents, since=0)
        self._measuring = Measuring(lab, plane, self._agents, addresses)

    def local_and_back(self, between: Callable[[int], None]) -> None:
        """Cluster, Local by the playbook, and what was there; ``between`` is done under Local, with the health check port."""
        before = objects.kept(self._api)
        self._table(Expected("before", _service("Cluster")))
        self._after(lambda: self._playbook.run("present"), Expected("Local by the playbook", _service("Local")))
        health = self._health_port()
        self._health(health, WITH_ENDPOINTS)
        node_port = objects.service(self._api, objects.NODE_PORT_ONLY)["spec"]
        found = {field: node_port.get(field) for field in ("externalTrafficPolicy", "healthCheckNodePort")}
        expected = {"externalTrafficPolicy": "Local", "healthCheckNodePort": None}
        self._row("the Service of type NodePort", found, expected)
        between(health)
        self._after(lambda: self._playbook.run("absent"), Expected("after the revert", _service("Cluster"), FEW))
        self._health(health, NOBODY)
        self._reverted(before)

    def local_otherwise(self, health: int) -> None:
        """Local in other states of the Service and of its endpoints."""
        self._changed("internalTrafficPolicy Local", _service("Local", internal="Local"), internalTrafficPolicy="Local")
        self._changed("internalTrafficPolicy Cluster", _service("Local"), internalTrafficPolicy="Cluster")
        self._changed("sessionAffinity ClientIP", _service("Local"), sticks=True, sessionAffinity="ClientIP")
        self._changed("sessionAffinity None", _service("Local"), sessionAffinity="None")
        one, two = ENDPOINTS
        unready = Expected("one endpoint", _service("Local", endpoints=(two,)), FEW)
        self._after(lambda: objects.ready(self._api, one.name, is_ready=False), unready)
        self._health(health, {"n1": 503, "n2": 200, "n3": 503})
        ending = dp.Endpoint(two.name, two.node, two.address, ready=False, serving=True, terminating=True)
        terminating = Expected("a terminating endpoint", _service("Local", endpoints=(ending,)), FEW)
        self._after(lambda: objects.end(self._api, two.name), terminating)
        self._health(health, dict.fromkeys(NODES, 503))
        nobody = Expected("no endpoint", _service("Local", endpoints=()), FEW)
        self._after(lambda: objects.gone(self._api, two.name), nobody)
        self._health(health, dict.fromkeys(NODES, 503))
        other = Expected("the other endpoint", _service("Local", endpoints=(one,)), FEW)
        self._after(lambda: objects.ready(self._api, one.name, is_ready=True), other)
        again = Expected("all endpoints again", _service("Local"), FEW)
        self._after(lambda: objects.pod(self._api, two.name), again)
        self._health(health, WITH_ENDPOINTS)

    def cluster_and_back(self) -> None:
        """Local by the Service's owner, Cluster by the playbook, and Local with the same health check port."""
        self._changed("Local by the owner", _service("Local"), externalTrafficPolicy="Local")
        before, health = objects.kept(self._api), self._health_port()
        self._health(health, WITH_ENDPOINTS)
        cluster = Expected("Cluster by the playbook", _service("Cluster"), FEW)
        self._after(lambda: self._playbook.run("present", policy="Cluster"), cluster)
        self._row("health check port", objects.service(self._api)["spec"].get("healthCheckNodePort"), None)
        self._health(health, NOBODY)
        self._after(lambda: self._playbook.run("absent"), Expected("Local after the revert", _service("Local"), FEW))
        self._health(health, WITH_ENDPOINTS)
        self._reverted(before)

    def _changed(self, name: str, service: dp.ServicePort, sticks: bool = False, **spec: str) -> None:
        self._after(lambda: objects.change(self._api, **spec), Expected(name, service, FEW, sticks))

    def _after(self, change: Callable[[], None], expected: Expected) -> None:
        """Changes one thing, and measures what comes of it."""
        since = time.time()
        change()
        objects.until_endpoints(self._api, expected.service.endpoints)
        proxies.until_synced(self._agents, since)
        self._table(expected)

    def _table(self, expected: Expected) -> None:
        self.rows += self._measuring.table(expected)

    def _health_port(self) -> int:
        port: int = objects.service(self._api)["spec"]["healthCheckNodePort"]
        return port

    def _health(self, port: int, expected: dict[str, int]) -> None:
        asker = self._agents[OUTSIDE]
        found = {node: asker.do("get", address=NODES[node], port=port, path="/")[0] for node in NODES}
        self._row(f"health check port {port}", found, expected)

    def _reverted(self, before: list[dict[str, Any]]) -> None:
        after = objects.kept(self._api)
        self._row(
            "the Services after the revert", "as before" if after == before else f"{before} became {after}", "as before"
        )

    def _row(self, title: str, found: Any, expected: Any) -> None:
        said = f"{found}" if found == expected else f"DIFFERS: {found}, expected {expected}"
        print(f"{self._lab}: {title}: {said}", flush=True)
        self.rows.append(found == expected)


def _service(policy: str, internal: str = "Cluster", endpoints: tuple[dp.Endpoint, ...] = ENDPOINTS) -> dp.ServicePort:
    return dp.ServicePort(endpoints, policy, internal)
