# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and environment: who wins, and what is never mixed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._cluster.options import Options, options

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


@pytest.mark.parametrize("option", ["kubeconfig", "context", "host"])
def test_a_token_variable_alone_goes_with_what_the_task_names(option: str) -> None:
    found = options({option: "mine"}, {"K8S_AUTH_API_KEY": "t"})
    assert (found.api_key, found.warnings) == ("t", ())


OF_AWX_HOST = {
    "K8S_AUTH_HOST": "https://awx",
    "K8S_AUTH_API_KEY": "t0ken",
    "K8S_AUTH_USERNAME": "u",
    "K8S_AUTH_PASSWORD": "p",
    "K8S_AUTH_CERT_FILE": "/cert",
    "K8S_AUTH_KEY_FILE": "/key",
    "K8S_AUTH_SSL_CA_CERT": "/ca",
    "K8S_AUTH_VERIFY_SSL": "False",
    "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH": "u:p",
}


@pytest.mark.parametrize(
    "host", ["https://mine", "https://awx:6443", "http://awx", "https://awx/clusters/a", "https://[awx", "awx:x"]
)
def test_credentials_of_the_environments_server_are_not_sent_to_the_server_that_the_task_names(host: str) -> None:
    found = options({"host": host}, OF_AWX_HOST)
    assert found == Options(host=host, warnings=(f"{', '.join(OF_AWX_HOST)} not used: host names the cluster",))


@pytest.mark.parametrize("host", ["https://awx", "https://awx/", "https://AWX:443", "awx"])
def test_they_are_used_where_the_task_names_that_very_server(host: str) -> None:
    found = options({"host": host, "kubeconfig": "/k"}, OF_AWX_HOST)
    assert (found.host, found.api_key, found.password, found.ca_cert) == (host, "t0ken", "p", "/ca")
    assert (found.validate_certs, found.proxy_headers, found.warnings) == (False, {"basic_auth": "u:p"}, ())


def test_what_is_about_the_way_and_not_the_server_stays() -> None:
    environ = {**AWX, "K8S_AUTH_PROXY": "http://p", "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH": "u:p"}
    found = options({"host": "https://mine", "proxy_headers": {"user_agent": "a", "basic_auth": None}}, environ)
    assert (found.proxy, found.proxy_headers) == ("http://p", {"proxy_basic_auth": "u:p", "user_agent": "a"})


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


@pytest.mark.parametrize(
    ("params", "environ", "named"),
    [
        ({"connection": "in_cluster", "kubeconfig": "/k"}, {}, "connection: in_cluster .* gives kubeconfig besides"),
        (
            {"connection": "in_cluster", "host": "h", "validate_certs": False, "ca_cert": "/ca"},
            {},
            "gives host, ca_cert, validate_certs besides",
        ),
        (
            {"connection": "in_cluster", "client_cert": "/c", "client_key": "/k", "username": "u", "password": "p"},
            {},
            "gives username, password, client_cert, client_key besides",
        ),
        ({"api_key": "t"}, {"K8S_AUTH_IN_CLUSTER": "true"}, "K8S_AUTH_IN_CLUSTER=true .* gives api_key besides"),
    ],
)
def test_in_cluster_and_what_contradicts_it_are_refused_by_name(
    params: dict[str, Any], environ: dict[str, str], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        options(params, environ)


@pytest.mark.parametrize(
    ("params", "environ", "named"),
    [
        ({"connection": "in_cluster"}, {}, "connection: in_cluster"),
        ({}, {"K8S_AUTH_IN_CLUSTER": "true"}, "K8S_AUTH_IN_CLUSTER=true"),
    ],
)
def test_in_cluster_sets_the_credentials_of_awx_aside(
    params: dict[str, str], environ: dict[str, str], named: str
) -> None:
    found = options(params, {**AWX, **environ, "K8S_AUTH_CONTEXT": "c"})
    left_out = "K8S_AUTH_CONTEXT, K8S_AUTH_HOST, K8S_AUTH_API_KEY, K8S_AUTH_VERIFY_SSL"
    assert found == Options(in_cluster=True, warnings=(f"{left_out} not used: {named} names the cluster",))


def test_in_cluster_acts_as_whom_it_is_told_to_and_through_the_proxy() -> None:
    params = {"connection": "in_cluster", "impersonate_user": "jane", "proxy": "http://p", "no_proxy": "example.org"}
    found = options(params, {"K8S_AUTH_IMPERSONATE_GROUPS": "a,b"})
    assert (found.impersonate_user, found.impersonate_groups) == ("jane", ("a", "b"))
    assert (found.proxy, found.no_proxy, found.warnings) == ("http://p", "example.org", ())


def test_groups_to_impersonate_are_separated_by_commas() -> None:
    assert options({}, {"K8S_AUTH_IMPERSONATE_GROUPS": "a, b,"}).impersonate_groups == ("a", "b")
