# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.stored import as_written, with_server_defaults


def kubernetes(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": spec}


def calico(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ["Ingress"]),
        ({"ingress": [{}]}, ["Ingress"]),
        ({"egress": []}, ["Ingress"]),
        ({"egress": [{}]}, ["Ingress", "Egress"]),
        ({"egress": [{}], "policyTypes": ["Egress"]}, ["Egress"]),
    ],
)
def test_the_api_server_fills_in_policy_types(spec: dict[str, Any], types: list[str]) -> None:
    assert with_server_defaults(kubernetes(**spec))["spec"]["policyTypes"] == types


def test_a_written_policy_of_calicos_isolates_only_the_directions_that_it_has_rules_for() -> None:
    assert as_written(calico(ingress=[{"action": "Allow"}]))["spec"]["types"] == ["Ingress"]


def test_a_policy_of_calicos_that_is_there_already_is_left_as_it_is() -> None:
    policy = calico(ingress=[{"action": "Allow"}])
    assert with_server_defaults(policy) == policy
