# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each right of docs/rbac taken away by itself: the module names it, and nothing passes for empty or fine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import Backend
from missing_rights import Right, Task, Trial, names, of_rules

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
A, A_CHANGED = policy("a", order=10, types=["Ingress"]), policy("a", order=11, types=["Ingress"])
WEB = {"pod": {"namespace": "shop", "name": "web"}}
# Rights that these tasks do not ask for, with the reason.
NOT_ASKED_FOR = {
    Right("get", "namespaces"): "the cluster's uid is null without it, and compared only where one is expected",
    Right(
        "get", "apiservices.apiregistration.k8s.io"
    ): "the backend is unknown without it, which is read like an aggregated one",
    Right(
        "list", "tier.stagednetworkpolicies.projectcalico.org"
    ): "the project's CRDs, and so its stand-in, lack the kind",
    Right("get", "stagedglobalnetworkpolicies.projectcalico.org"): "one is read again only where an answer is lost",
    Right("get", "tier.stagedglobalnetworkpolicies.projectcalico.org"): "the same, at Calico's API server",
    Right("list", "ippools.projectcalico.org"): "a setting that is not known is told, and refuses nothing",
    Right("get", "configmaps"): "the same",
    Right("list", "servicel2statuses.metallb.io"): "the same, of load balancers' Services only",
    Right("list", "events"): "Events are looked at with batches only",
    Right("get", "services"): "a Service is read again only where somebody else changes it or an answer is lost",
}


# Rights of the reader that a write needs too.
OF_THE_READER = [
    Right("list", "globalnetworkpolicies.projectcalico.org"),
    Right("get", "tiers.projectcalico.org"),
    Right("get", "clusterinformations.projectcalico.org"),
]


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    content.service("shop", "web", "NodePort", externalTrafficPolicy="Local")
    content.pod("shop", "web", "10.244.1.10")
    return content


def test_an_audit_without_a_right_is_never_compliant(
    trial: Trial, ansible: Ansible, shop: Content, backend: Backend
) -> None:
    ansible.module("policy_baseline", policies=[A])
    complete, found = trial.results(
        "reader", of_rules("reader"), [("baseline_info", {"policies": [A], "names": ["shop/web"]})]
    )
    assert complete[0]["status"] == "compliant"
    unnamed = {
        str(right): (result.get("status"), result.get("unread"))
        for right, (result,) in found.items()
        if not _needless(right, backend, "reader")
        and not (result["status"] == "unknown" and any(names(right, part["message"]) for part in result["unread"]))
    }
    assert unnamed == {}


def test_a_verdict_without_a_right_is_not_sure(trial: Trial, shop: Content, backend: Backend) -> None:
    shop.policy("a", order=1, types=["Ingress"], ingress=[{"action": "Deny"}])
    asked = {"source": {"address": "192.0.2.1"}, "destination": WEB, "port": 80}
    task = ("policy_verdict_info", {"connections": [asked], "staged": "enforce"})
    everything, found = trial.results("verdict-reader", of_rules("verdict-reader"), [task])
    (complete,) = everything
    assert (complete["verdicts"][0]["verdict"], complete["unread"]) == ("deny", [])
    unnamed = {
        str(right): result.get("unread", result.get("msg"))
        for right, (result,) in found.items()
        if not _needless(right, backend, "verdict-reader")
        and not any(names(right, part["message"]) for part in result["unread"])
    }
    assert unnamed == {}


def test_a_write_without_a_right_is_forbidden(trial: Trial, shop: Content, backend: Backend) -> None:
    services = {"namespaces": ["shop"]}
    tasks: list[Task] = [
        ("policy_baseline", {"policies": [A]}),
        ("global_network_policy", {"definition": A_CHANGED}),
        ("global_network_policy", {"name": "a", "state": "absent"}),
        ("service_external_traffic_policy", {**services, "policy": "Cluster"}),
    ]
    reset: list[Task] = [
        ("global_network_policy", {"name": "a", "state": "absent"}),
        ("policy_baseline", {"policies": [A], "state": "absent"}),
        ("service_external_traffic_policy", {**services, "policy": "Local"}),
    ]
    rights = [right for right in of_rules("writer") if not _is_staged(right)]
    complete, found = trial.results("writer", [*rights, *OF_THE_READER], tasks, reset)
    assert [result.get("msg") for result in complete if result.get("failed")] == []
    assert _unnamed(found, backend) == {}


def test_staging_without_a_right_is_forbidden(trial: Trial, shop: Content, backend: Backend) -> None:
    tasks: list[Task] = [
        ("policy_baseline", {"policies": [A], "state": "staged"}),
        ("policy_baseline", {"policies": [A_CHANGED], "state": "staged"}),
        ("policy_baseline", {"policies": [A_CHANGED], "state": "absent"}),
    ]
    rights = [right for right in of_rules("writer") if _is_staged(right)]
    complete, found = trial.results("writer", rights, tasks, tasks[2:])
    assert [result.get("msg") for result in complete if result.get("failed")] == []
    assert _unnamed(found, backend) == {}


def test_a_plan_without_a_right_says_what_is_not_known_of_it(trial: Trial, shop: Content, backend: Backend) -> None:
    asked = [right for right in of_rules("verdict-reader") if not _is_staged(right) and right not in OF_THE_READER]
    task = ("policy_baseline", {"policies": [A]})
    reset = ("global_network_policy", {"name": "a", "state": "absent"})
    complete, found = trial.results("writer", asked, [task], [reset])
    assert (complete[0]["changed"], complete[0]["unjudged"]) == (True, [])
    unnamed = {
        str(right): result.get("unjudged", result.get("msg"))
        for right, (result,) in found.items()
        if not _needless(right, backend, "verdict-reader")
        and not any(names(right, message) for message in [*result.get("unjudged", ()), str(result.get("msg"))])
    }
    assert unnamed == {}


def _unnamed(found: Mapping[Right, Sequence[Mapping[str, Any]]], backend: Backend) -> dict[str, list[str]]:
    """What writers were told who lack a right, where none of it names the right."""
    return {
        str(right): list(_messages(results))
        for right, results in found.items()
        if not _needless(right, backend, "writer") and not any(names(right, message) for message in _messages(results))
    }


def _is_staged(right: Right) -> bool:
    return "staged" in right.resource


def _messages(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for result in results:
        if result.get("code") in ("forbidden", "services_failed"):
            yield result["msg"]
        yield from (part["message"] for part in result.get("unread") or ())
        yield from (check["text"] for check in result.get("lockout") or () if check["result"] == "unknown")


def _needless(right: Right, backend: Backend, account: str) -> bool:
    """Whether the tasks do as well without the right."""
    if right in NOT_ASKED_FOR:
        return True
    if right.resource.endswith("crd.projectcalico.org"):
        return True
    if account == "verdict-reader" and right == Right("get", "clusterinformations.projectcalico.org"):
        # Asked for only where there are no tiers; test_older_releases.py has such a cluster.
        return True
    only_to_see_tiers = right == Right("get", "tiers.projectcalico.org") and account != "writer"
    return backend == "native" and (right.resource.startswith("tier.") or only_to_see_tiers)
