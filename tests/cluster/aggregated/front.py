# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes requests on to kube-apiserver, so that faults can be shown before the plain API too."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from aggregated.exchange import Answer, Request, User
from aggregated.front_proxy import common_name, organization
from certificates import Certificates, Identity

_PASSED_ON = ("accept", "authorization", "content-type", "user-agent")
_PASSED_BACK = ("content-type", "retry-after", "warning")
_SECONDS = 60.0


def context(certificates: Certificates) -> ssl.SSLContext:
    """TLS as kube-apiserver's own: clients may show a certificate of the control plane's authority."""
    secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    secured.load_cert_chain(certificates.api_server.certificate, certificates.api_server.key)
    secured.verify_mode = ssl.CERT_OPTIONAL
    return secured


def authenticate(peer: Mapping[str, Any], headers: Mapping[str, str]) -> User:
    """Who showed a certificate; nobody where the request has a token, which kube-apiserver looks at."""
    group = organization(peer)
    return User(common_name(peer), (group,) if group else ())


@dataclass(frozen=True)
class PassingOn:
    """Asks kube-apiserver, in the name of who showed a certificate.

    Attributes:
        server: the address of kube-apiserver.
        ca: the authority that it is checked against.
        front_proxy: shown for a user whose name is passed on.
    """

    server: str
    ca: Path
    front_proxy: Identity

    def answer(self, request: Request) -> Answer:
        """kube-apiserver's answer."""
        address = urlsplit(self.server)
        secured = ssl.create_default_context(cafile=str(self.ca))
        if request.user.name:
            secured.load_cert_chain(self.front_proxy.certificate, self.front_proxy.key)
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, timeout=_SECONDS, context=secured
        )
        try:
            target = request.path + ("?" + urlencode(request.query) if request.query else "")
            connection.request(request.method, target, request.body or None, _headers(request))
            given = connection.getresponse()
            passed = {name: value for name, value in given.getheaders() if name.lower() in _PASSED_BACK}
            return Answer(given.status, given.read(), passed)
        finally:
            connection.close()


def _headers(request: Request) -> dict[str, str]:
    """What is passed on: never a name that the client claims for itself."""
    kept = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
    if not request.user.name:
        return kept
    named = {"X-Remote-User": request.user.name}
    # The certificates of the control plane have one group at most.
    return {**kept, **named, **({"X-Remote-Group": request.user.groups[0]} if request.user.groups else {})}
