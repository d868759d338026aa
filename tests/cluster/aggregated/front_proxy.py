# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Believes the names in the headers of a request where kube-apiserver's front proxy sent it, and nobody else."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from aggregated.exchange import User
from aggregated.refusal import Refusal
from certificates import FRONT_PROXY, Certificates


def context(certificates: Certificates) -> ssl.SSLContext:
    """TLS that accepts client certificates of the front proxy's authority only."""
    secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.front_proxy_ca))
    secured.load_cert_chain(certificates.calico_api_server.certificate, certificates.calico_api_server.key)
    secured.verify_mode = ssl.CERT_OPTIONAL
    return secured


def authenticate(peer: Mapping[str, Any], headers: Mapping[str, str]) -> User:
    """Who asks kube-apiserver. Raises Refusal where it was not the front proxy that said so."""
    if common_name(peer) != FRONT_PROXY or not headers.get("x-remote-user"):
        raise Refusal(401, "Unauthorized")
    groups = tuple(group for group in headers.get("x-remote-group", "").split("\n") if group)
    return User(headers["x-remote-user"], groups)


def common_name(peer: Mapping[str, Any]) -> str:
    """The common name in a certificate that was checked, empty where there was none."""
    return _subject(peer, "commonName")


def organization(peer: Mapping[str, Any]) -> str:
    """The organization in a certificate that was checked, empty where it has none."""
    return _subject(peer, "organizationName")


def _subject(peer: Mapping[str, Any], field: str) -> str:
    names = (pair for part in peer.get("subject", ()) for pair in part)
    return str(next((value for name, value in names if name == field), ""))
