# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections before anything is sent: the library's version, what is secret, what cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._cluster.connection import (
    LibraryMissing,
    connect,
    version_warning,
)


@pytest.mark.parametrize("version", ["31.0.0", "35.0.0", "36.0.2", "37.0.0", "37.1.0b1"])
def test_a_tested_version_of_the_library_is_used_without_a_word(version: str) -> None:
    assert version_warning(version) == ()


@pytest.mark.parametrize("version", ["38.0.0", "38.0.0a1", "40.1.2"])
def test_a_newer_version_is_used_with_one_warning(version: str) -> None:
    assert version_warning(version) == (
        f"The Python library kubernetes is {version}, which netguard.calico is not tested with; 31 to 37 are.",
    )


@pytest.mark.parametrize("version", ["12.0.1", "30.1.0", "36.0.0", "36.0.1"])
def test_a_version_that_cannot_be_used_is_refused(version: str) -> None:
    with pytest.raises(LibraryMissing, match=f"kubernetes is {version}, which cannot be used"):
        version_warning(version)


KUBECONFIG: dict[str, Any] = {
    "clusters": [
        {"name": "c", "cluster": {"server": "https://c:6443", "proxy-url": "http://u:0f-kubeconfig@p:3128"}},
        {"name": "d", "cluster": {"server": "https://d:6443", "proxy-url": "http://u:0f-another@p:3128"}},
    ],
    "contexts": [{"name": "one", "context": {"cluster": "c"}}],
    "current-context": "one",
}


@pytest.mark.parametrize(
    ("params", "environ", "secrets"),
    [
        ({"host": "h", "proxy": "http://u:0f-option@p:3128"}, {}, {"0f-option"}),
        ({"host": "h"}, {"K8S_AUTH_PROXY": "http://u:0f-environment@p:3128"}, {"0f-environment"}),
        ({"kubeconfig": KUBECONFIG}, {}, {"0f-kubeconfig", "0f-another"}),
        ({"host": "h", "proxy": "http://p:3128"}, {}, set()),
    ],
)
def test_the_password_in_a_proxys_url_is_secret(
    params: dict[str, Any], environ: dict[str, str], secrets: set[str]
) -> None:
    assert set(connect(params, environ).secrets) == secrets


@pytest.mark.parametrize(
    ("params", "no_proxy", "used"),
    [
        ({"host": "https://h", "proxy": "http://option:3128"}, "", "option"),
        ({"kubeconfig": KUBECONFIG, "proxy": "http://option:3128"}, "", "option"),
        ({"kubeconfig": KUBECONFIG}, "", "p"),
        ({"host": "https://h"}, "", "environment"),
        ({"host": "https://h"}, "h", None),
        ({"host": "https://h", "no_proxy": "other"}, "h", "environment"),
        ({"host": "http://h"}, "", None),
    ],
)
def test_every_release_of_the_client_uses_the_same_proxy(
    monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], no_proxy: str, used: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    proxy = connect(params, {}).gateway._http._pool.proxy
    assert (proxy.host if proxy else None) == used


def test_a_proxy_of_the_clients_own_environment_is_no_less_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://u:s3cret@p:3128")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    assert connect({"host": "https://h"}, {}).secrets == ("s3cret",)


@pytest.mark.parametrize("proxy", ["http://u:s3cret@p:port", "ftp://u:s3cret@p", "u:s3cret@p:3128"])
def test_a_proxy_that_cannot_be_used_is_named_and_not_shown(proxy: str) -> None:
    with pytest.raises(InvalidInput, match="URL of the proxy cannot be used") as raised:
        connect({"host": "h", "proxy": proxy}, {})
    assert "s3cret" not in raised.value.message
    assert raised.value.__suppress_context__, "a traceback would show the parser's words, which quote the URL"
