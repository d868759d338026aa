# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A validating admission webhook that refuses policies, as a site's own or Calico's may do."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from certificates import certificates_in
from control_plane import ControlPlane

_PATH = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@contextmanager
def refusing(plane: ControlPlane, webhook: str, words: str) -> Iterator[None]:
    """Lets a webhook of this name refuse every write of a GlobalNetworkPolicy in these words, for the block."""
    server = HTTPServer(("127.0.0.1", 0), _handler(words))
    certificates = certificates_in(plane.directory / "certificates")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.api_server.certificate, certificates.api_server.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    api = plane.admin_api()
    ca = base64.b64encode(plane.ca.read_bytes()).decode()
    api.request("POST", _PATH, _configuration(webhook, f"https://127.0.0.1:{server.server_port}/", ca))
    try:
        yield
    finally:
        api.request("DELETE", f"{_PATH}/{webhook}")
        server.shutdown()
        thread.join()
        server.server_close()


def _configuration(webhook: str, url: str, ca: str) -> dict[str, Any]:
    rule = {
        "apiGroups": ["projectcalico.org"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": ["globalnetworkpolicies"],
    }
    hook = {
        "name": webhook,
        "clientConfig": {"url": url, "caBundle": ca},
        "rules": [rule],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": webhook},
        "webhooks": [hook],
    }


def _handler(words: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {"uid": review["request"]["uid"], "allowed": False, "status": {"code": 403, "message": words}}
            answer = json.dumps({**review, "request": None, "response": response}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Says nothing: what matters is in the API server's log."""

    return Handler
