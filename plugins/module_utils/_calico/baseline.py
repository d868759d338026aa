# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four policies that are the baseline where the user gives none, and the label that marks a baseline's policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .global_network_policy import API_VERSION, KIND, Policy

BASELINE_LABEL = "netguard.calico/baseline"


@dataclass(frozen=True)
class Placeholders:
    """What a site fills in; the defaults give the four policies as they were first published.

    ``egress_deny_selector`` selects the endpoints and network sets that nobody may reach,
    ``privileged_namespace_label`` is the label key of namespaces to which that does not apply, and the namespaces of
    ``egress_allow_namespace_selector`` may reach ``egress_allow_nets`` all the same.
    """

    egress_deny_selector: str = "area == 'dummy'"
    privileged_namespace_label: str = "privileged-namespace"
    egress_allow_nets: Sequence[str] = ("127.0.0.1/32",)
    egress_allow_namespace_selector: str = 'name == "dummy"'


def default_manifests(placeholders: Placeholders) -> list[dict[str, Any]]:
    """The four GlobalNetworkPolicies as plain manifests."""
    key = placeholders.privileged_namespace_label
    anything: dict[str, Any] = {
        "ingress": [{"action": "Allow", "destination": {}, "source": {}}],
        "egress": [{"action": "Allow", "destination": {}, "source": {}}],
        "types": ["Ingress", "Egress"],
    }
    deny = {"action": "Deny", "destination": {"selector": placeholders.egress_deny_selector}, "source": {}}
    allow = {
        "action": "Allow",
        "destination": {"nets": list(placeholders.egress_allow_nets)},
        "source": {"namespaceSelector": placeholders.egress_allow_namespace_selector},
    }
    return [
        _manifest("global-default", {**anything, "order": 9999}),
        _manifest(
            "global-egress-deny",
            {"egress": [deny], "namespaceSelector": f"(! has({key}))", "order": 502, "types": ["Egress"]},
        ),
        _manifest("global-egress-allow", {"egress": [allow], "order": 501, "types": ["Egress"]}),
        _manifest("global-privileged-namespace", {**anything, "namespaceSelector": f"has({key})", "order": 500}),
    ]


def _manifest(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}


def labelled(policy: Policy, baseline: str) -> Policy:
    """The policy with the label that says to which baseline it belongs."""
    return replace(policy, labels={**policy.labels, BASELINE_LABEL: baseline})
