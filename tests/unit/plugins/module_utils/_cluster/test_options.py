# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and environment: who wins, and what is never mixed."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._cluster.options import options

AWX = {"K8S_AUTH_HOST": "https://awx", "K8S_AUTH_API_KEY": "t0ken", "K8S_AUTH_VERIFY_SSL": "False"}


def test_an_option_beats_its_variable() -> None:
    found = options({"host": "https://mine", "api_key": "mine"}, AWX)
    assert (found.host, found.api_key) == ("https://mine", "mine")


def test_the_environment_fills_in_what_no_option_gives() -> None:
    found = options({}, AWX)
    assert (found.host, found.api_key, found.validate_certs) == ("https://awx", "t0ken", False)
    assert found.validate_certs_source == "environment K8S_AUTH_VERIFY_SSL"


@pytest.mark.parametrize("option", ["kubeconfig", "context"])
def test_a_token_of_the_environment_is_not_sent_to_the_server_of_a_named_kubeconfig(option: str) -> None:
    found = options({option: "mine"}, AWX)
    assert (found.host, found.api_key, found.validate_certs) == (None, None, None)
    assert found.warnings == (
        f"K8S_AUTH_HOST, K8S_AUTH_API_KEY, K8S_AUTH_VERIFY_SSL not used: {option} names the cluster",
    )


def test_a_host_sets_the_kubeconfig_of_the_environment_aside() -> None:
    found = options({"host": "https://mine"}, {"K8S_AUTH_KUBECONFIG": "/k", "K8S_AUTH_CONTEXT": "c"})
    assert (found.kubeconfig, found.context) == (None, None)
    assert "K8S_AUTH_KUBECONFIG" in found.warnings[0]


def test_a_token_variable_alone_goes_with_a_named_kubeconfig() -> None:
    assert options({"kubeconfig": "/k"}, {"K8S_AUTH_API_KEY": "t"}).api_key == "t"


def test_verification_is_decided_by_the_option_first() -> None:
    found = options({"validate_certs": True}, {"K8S_AUTH_VERIFY_SSL": "no"})
    assert (found.validate_certs, found.validate_certs_source) == (True, "option validate_certs")


def test_a_variable_that_is_neither_true_nor_false_is_named() -> None:
    with pytest.raises(InvalidInput, match="K8S_AUTH_VERIFY_SSL is 'maybe'"):
        options({}, {"K8S_AUTH_VERIFY_SSL": "maybe"})


@pytest.mark.parametrize(
    ("params", "environ", "expected"),
    [
        ({}, {}, False),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
        ({"connection": "in_cluster"}, {}, True),
        ({}, {"K8S_AUTH_IN_CLUSTER": "true"}, True),
        ({}, {"K8S_AUTH_IN_CLUSTER": "false"}, False),
        ({"kubeconfig": "/k"}, {"K8S_AUTH_IN_CLUSTER": "true"}, False),
    ],
)
def test_in_cluster_credentials_are_used_on_request_only(
    params: dict[str, str], environ: dict[str, str], expected: bool
) -> None:
    assert options(params, environ).in_cluster is expected


def test_in_cluster_and_a_kubeconfig_contradict_each_other() -> None:
    with pytest.raises(InvalidInput, match="name two clusters"):
        options({"connection": "in_cluster", "kubeconfig": "/k"}, {})


def test_groups_to_impersonate_are_separated_by_commas() -> None:
    assert options({}, {"K8S_AUTH_IMPERSONATE_GROUPS": "a, b,"}).impersonate_groups == ("a", "b")
