# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit says about a policy that differs, by what the server answers to the question whether it restores it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.reading import Reader, read_policies
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import (
    ApiAbsent,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    Unauthorised,
    Unavailable,
    Unreachable,
)
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import (
    GLOBAL_NETWORK_POLICIES,
    TIERS,
    Resource,
)

MANIFEST: dict[str, Any] = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "a"},
    "spec": {"order": 1, "types": ["Ingress"]},
}
POLICIES = parse_policies([SourcedManifest("it", MANIFEST)])


def live(**spec: Any) -> dict[str, Any]:
    """The policy as the cluster has it, with other fields."""
    found = POLICIES[0].manifest()
    metadata = {**found["metadata"], "uid": "u", "resourceVersion": "7"}
    return {**found, "metadata": metadata, "spec": {**found["spec"], **spec}}


@dataclass
class Cluster:
    """A gateway to a cluster with these policies and nothing else, whose dry runs answer, or fail, as given."""

    policies: list[dict[str, Any]]
    dry_run: dict[str, Any] | NetguardError | None = None
    asked: list[str] = field(default_factory=list)
    tiers: tuple[str, ...] = ("default",)

    def list(self, resource: Resource, namespace: str = "", label_selector: str = "") -> list[dict[str, Any]]:
        tiers = [{"metadata": {"name": tier}, "spec": {}} for tier in self.tiers]
        return {GLOBAL_NETWORK_POLICIES: self.policies, TIERS: tiers}.get(resource, [])

    def get(self, resource: Resource, name: str, namespace: str = "") -> dict[str, Any]:
        """Calico says that it uses the datastore."""
        assert (resource.plural, name) == ("clusterinformations", "default")
        return {"spec": {"datastoreReady": True}}

    def rehearsal(self) -> Cluster:
        return self

    def replace(self, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body["metadata"]["name"])
        if isinstance(self.dry_run, NetguardError):
            raise self.dry_run
        assert self.dry_run is not None, "nothing should be asked where nothing differs"
        return self.dry_run


@pytest.mark.parametrize(
    ("policies", "dry_run", "status"),
    [
        ([], None, "missing"),
        ([live()], None, "in_place"),
        ([live(order=2)], live(), "drifted"),
        ([live(order=2)], live(order=2), "in_place"),
        ([live(order=2)], Forbidden("no", "", "update", "globalnetworkpolicies"), "drifted"),
    ],
)
def test_what_is_known_is_said(policies: list[dict[str, Any]], dry_run: Any, status: str) -> None:
    reader = Reader()
    (fact,) = read_policies(reader, Cluster(policies, dry_run), POLICIES, "native").facts
    assert (fact.status, reader.unread()) == (status, ())


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("it answers 503"),
        Unreachable("no answer"),
        Unauthorised("the token has expired"),
        Refused("a webhook says no"),
        Conflict("it was changed meanwhile"),
        NotFound("it is gone"),
        ApiAbsent("it is not served"),
    ],
)
def test_what_the_server_does_not_answer_is_unknown_and_not_drift(error: NetguardError) -> None:
    reader, cluster = Reader(), Cluster([live(order=2)], error)
    (fact,) = read_policies(reader, cluster, POLICIES, "native").facts
    assert (fact.status, fact.spec, cluster.asked) == ("unknown", live(order=2)["spec"], ["a"])
    assert [difference["path"] for difference in fact.difference] == ["spec.order"]
    assert [part.as_result() for part in reader.unread()] == [
        {"what": "globalnetworkpolicies.projectcalico.org a", "code": error.code, "message": error.message}
    ]


@pytest.mark.parametrize(("tiers", "missing"), [(("default",), ()), (("other",), ("default",)), ((), ("default",))])
def test_a_tier_that_is_not_there_is_missing(tiers: tuple[str, ...], missing: tuple[str, ...]) -> None:
    reading = read_policies(Reader(), Cluster([live()], tiers=tiers), POLICIES, "native")
    assert reading.missing_tiers == missing
