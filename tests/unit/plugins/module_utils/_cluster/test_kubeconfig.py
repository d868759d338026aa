# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfigs that do not lead to a server, each with an error that names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._cluster.kubeconfig import read_kubeconfig


def content(**changes: Any) -> dict[str, Any]:
    """A kubeconfig with one context, changed."""
    return {
        "clusters": [{"name": "c", "cluster": {"server": "https://c:6443"}}],
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "s3cret"}}],
        "current-context": "one",
        **changes,
    }


def test_content_may_be_given_as_a_mapping_or_as_json() -> None:
    assert read_kubeconfig(content(), None, {}).context == "one"
    assert read_kubeconfig(json.dumps(content()), None, {}).context == "one"


@pytest.mark.parametrize(
    ("changes", "context", "message"),
    [
        ({"current-context": ""}, None, "has no current-context. Give context: one of one"),
        ({}, "two", "has no context two. Its contexts: one"),
        ({"clusters": []}, None, "names no cluster with a server"),
        ({"clusters": [{"name": "c", "cluster": {}}]}, None, "names no cluster with a server"),
        ({"clusters": None}, None, "names no cluster with a server"),
        ({"users": []}, None, "names the user u, which is not there"),
    ],
)
def test_what_leads_to_no_server_is_named(changes: dict[str, Any], context: str | None, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_kubeconfig(content(**changes), context, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"There is no kubeconfig .*nowhere"):
        read_kubeconfig(str(tmp_path / "nowhere"), None, {})


def test_a_file_that_does_not_parse_is_named_with_its_line_and_without_its_text(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("users:\n- user: {token: s3cret\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"line 3 is not YAML") as caught:
        read_kubeconfig(str(file), None, {})
    assert "s3cret" not in str(caught.value)


def test_files_are_joined_and_the_first_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(json.dumps(content(users=[])), encoding="utf-8")
    second.write_text(json.dumps(content(**{"current-context": "two"})), encoding="utf-8")
    found = read_kubeconfig(None, None, {"KUBECONFIG": f"{first}:{tmp_path / 'absent'}:{second}"})
    assert found.context == "one"
    assert found.files == f"{first}:{second}"


def test_everything_that_authenticates_is_secret() -> None:
    user = {
        "password": "p",
        "client-key-data": "k",
        "auth-provider": {"config": {"id-token": "i", "idp-issuer-url": "https://open"}},
        "exec": {"command": "plugin", "env": [{"name": "A", "value": "e"}]},
    }
    found = read_kubeconfig(content(users=[{"name": "u", "user": user}]), None, {})
    assert set(found.secrets) == {"p", "k", "i", "e"}
