# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster answers, and how it serves Calico's API.

That costs three requests, and a fourth where the account may not read APIServices; waiting for the API adds two, and
saying why it is absent adds up to three.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .._calico.global_network_policy import DEFAULT_TIER
from .connection import Connection
from .errors import ApiAbsent, Forbidden, Unavailable
from .gateway import Gateway
from .resources import (
    API_SERVICES,
    CALICO_GROUP,
    CALICO_VERSION,
    DAEMON_SETS,
    GLOBAL_NETWORK_POLICIES,
    NAMESPACES,
    NODE_NAMESPACES,
    STORED_GROUP,
    STORED_VERSION,
    TIERS,
)

V3 = f"{CALICO_GROUP}/{CALICO_VERSION}"
API_SERVICE = f"{CALICO_VERSION}.{CALICO_GROUP}"


class OnlyV1(ApiAbsent):
    """Calico keeps its objects in the v1 CRDs, and nothing serves v3 in front of them."""


@dataclass(frozen=True)
class Cluster:
    """The cluster that answered.

    ``uid`` is that of the namespace kube-system, None where it may not be read. ``backend`` is how v3 is served:
    ``native`` (plain CRDs), ``aggregated`` (Calico's API server), ``unknown`` where that may not be read, and None
    where it was not looked for; or it is ``v1``, where only the CRDs are there in which Calico's API server stores.
    """

    uid: str | None
    server: str
    context: str | None
    version: str
    backend: str | None
    tls_verified: bool
    tls_source: str

    def as_result(self) -> dict[str, Any]:
        """The cluster as every module returns it."""
        return {
            "uid": self.uid,
            "server": self.server,
            "context": self.context,
            "version": self.version,
            "backend": self.backend,
            "tls_verified": self.tls_verified,
            "tls_source": self.tls_source,
        }


def discover(connection: Connection) -> Cluster:
    """The cluster, which has v3 registered. Raises ApiAbsent with what to install where it has not."""
    gateway = connection.gateway
    version, uid = _version(gateway), _uid(gateway)
    return _cluster(connection, uid, version, _backend(gateway))


def require_policies(gateway: Gateway) -> None:
    """Raises ApiAbsent where v3 is served, but not yet with GlobalNetworkPolicies, or with tiers and without the default.

    So it is while Calico is being installed: it makes its tier default when it starts.
    """
    document = gateway.read(f"/apis/{V3}") or {}
    served = {resource.get("name") for resource in document.get("resources") or []}
    if GLOBAL_NETWORK_POLICIES.plural not in served:
        raise ApiAbsent(
            f"The cluster serves {V3} without {GLOBAL_NETWORK_POLICIES.plural}",
            "Install all of Calico's v3 CRDs, or Calico's API server.",
        )
    if TIERS.plural in served and not _has_default_tier(gateway):
        raise ApiAbsent("Calico has not made its tier default yet", "Look at the pods of Calico.")


def _has_default_tier(gateway: Gateway) -> bool:
    """Whether the tier is there; an account that may not see it does not wait for it."""
    try:
        return gateway.get(TIERS, DEFAULT_TIER) is not None
    except Forbidden:
        return True


def discover_stored(connection: Connection) -> Cluster:
    """The cluster, which has Calico's v1 CRDs only."""
    return replace(discover_kubernetes(connection), backend="v1")


def discover_kubernetes(connection: Connection) -> Cluster:
    """The cluster, whether it has Calico or not."""
    version, uid = _version(connection.gateway), _uid(connection.gateway)
    return _cluster(connection, uid, version, None)


def announced(gateway: Gateway) -> bool:
    """Whether something has registered v3, even if it does not answer yet."""
    try:
        return gateway.get(API_SERVICES, API_SERVICE) is not None
    except Forbidden:
        return True


def why_absent(gateway: Gateway) -> ApiAbsent:
    """Tells the v1 CRDs without an API server, an etcd datastore, and no Calico apart; each has another remedy."""
    datastore = _datastore(gateway)
    if datastore == "etcdv3":
        return ApiAbsent(
            "Calico keeps its objects in etcd (DATASTORE_TYPE=etcdv3 on calico-node), which the Kubernetes API does not serve",
            "Move to the Kubernetes datastore, then install Calico's API server or the v3 CRDs.",
        )
    if gateway.read(f"/apis/{STORED_GROUP}/{STORED_VERSION}") is not None:
        return only_v1()
    if datastore is not None:
        return ApiAbsent(
            f"Calico runs here (calico-node), and neither {V3} nor its CRDs are served",
            "Install Calico's CRDs and API server.",
        )
    return ApiAbsent(
        f"The cluster does not serve {V3}, and no Calico was found",
        "Install Calico with its API server or its v3 CRDs.",
    )


def only_v1() -> OnlyV1:
    """The error of who wants to write where nothing serves v3."""
    return OnlyV1(
        f"Calico is here with its v1 CRDs only ({STORED_GROUP}/{STORED_VERSION}); {V3} is not served",
        "Install Calico's API server (APIServer of the operator, or the calico-apiserver manifest), or move to the v3 CRDs.",
    )


def _datastore(gateway: Gateway) -> str | None:
    """DATASTORE_TYPE of calico-node, ``kubernetes`` where it is not set; None where there is no calico-node to see."""
    for namespace in NODE_NAMESPACES:
        try:
            node = gateway.get(DAEMON_SETS, "calico-node", namespace)
        except Forbidden:
            continue
        if node is not None:
            return _environment(node).get("DATASTORE_TYPE", "kubernetes")
    return None


def _environment(daemon_set: dict[str, Any]) -> dict[str, str]:
    containers = daemon_set.get("spec", {}).get("template", {}).get("spec", {}).get("containers") or []
    return {str(e.get("name")): str(e.get("value")) for c in containers for e in c.get("env") or []}


def _version(gateway: Gateway) -> str:
    found = gateway.read("/version")
    if found is None or "gitVersion" not in found:
        raise Unavailable("The server does not say a Kubernetes version", "Check that host is a Kubernetes API server.")
    return str(found["gitVersion"])


def _uid(gateway: Gateway) -> str | None:
    try:
        namespace = gateway.get(NAMESPACES, "kube-system")
    except Forbidden:
        return None
    return None if namespace is None else str(namespace["metadata"]["uid"])


def _backend(gateway: Gateway) -> str:
    """How v3 is served. Raises ApiAbsent where it is not registered, Unavailable where it does not answer."""
    try:
        found = gateway.get(API_SERVICES, API_SERVICE)
    except Forbidden:
        if gateway.read(f"/apis/{V3}") is None:
            raise why_absent(gateway) from None
        return "unknown"
    if found is None:
        raise why_absent(gateway)
    for condition in (found.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "Available" and condition.get("status") == "False":
            raise Unavailable(
                f"{V3} is registered and not available: {condition.get('reason')}: {condition.get('message')}",
                "Look at the APIService v3.projectcalico.org and the pods behind it.",
            )
    return "aggregated" if (found.get("spec") or {}).get("service") else "native"


def _cluster(connection: Connection, uid: str | None, version: str, backend: str | None) -> Cluster:
    return Cluster(
        uid,
        connection.server,
        connection.context,
        version,
        backend,
        connection.tls_verified,
        connection.tls_source,
    )
