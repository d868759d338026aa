# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes kubeconfig files that need no other file."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from certificates import Identity

NAME = "netguard"


def write_kubeconfig(path: Path, server: str, ca: Path, user: Mapping[str, str]) -> Path:
    """Write a kubeconfig with one context for the user's credentials; only its owner can read it."""
    cluster = {"server": server, "certificate-authority-data": _encoded(ca)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": dict(user)}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        yaml.safe_dump(content, file, sort_keys=False)
    return path


def by_certificate(identity: Identity) -> dict[str, str]:
    """The credentials of somebody with a certificate."""
    return {
        "client-certificate-data": _encoded(identity.certificate),
        "client-key-data": _encoded(identity.key),
    }


def by_token(token: str) -> dict[str, str]:
    """The credentials of somebody with a bearer token."""
    return {"token": token}


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
