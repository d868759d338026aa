# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines of etcd, kube-apiserver and kube-controller-manager."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aggregated.release import NEWEST, ReleaseName
from certificates import FRONT_PROXY, Certificates, Identity

# The second range allows dual-stack Services; a Service still gets one family unless it asks for two.
_SERVICE_RANGES = "10.96.0.0/16,fd00:10:96::/112"
_CONTROLLERS = (
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
)
_STAND_IN = Path(__file__).resolve().parent / "stand_in.py"
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True)
class Ports:
    """The ports on 127.0.0.1 of one control plane."""

    etcd: int
    etcd_peer: int
    api_server: int


def etcd(program: Path, directory: Path, certificates: Certificates, ports: Ports) -> list[str]:
    """etcd with one member, both of whose ports ask for a certificate."""
    client, peer = f"https://127.0.0.1:{ports.etcd}", f"https://127.0.0.1:{ports.etcd_peer}"
    options: dict[str, object] = {
        "name": "member",
        "data-dir": directory / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"member={peer}",
        "log-level": "warn",
        # Nothing has to survive a power failure, and the only member does not have to wait for others to stand.
        "unsafe-no-fsync": True,
        "heartbeat-interval": 20,
        "election-timeout": 200,
    }
    for prefix in ("", "peer-"):
        options[f"{prefix}trusted-ca-file"] = certificates.ca
        options[f"{prefix}cert-file"] = certificates.etcd.certificate
        options[f"{prefix}key-file"] = certificates.etcd.key
        options[f"{prefix}client-cert-auth"] = True
    return _command(program, options)


def api_server(program: Path, directory: Path, certificates: Certificates, ports: Ports) -> list[str]:
    """kube-apiserver with RBAC, service account tokens and an audit log; writes its audit policy."""
    policy = directory / "audit-policy.json"
    policy.write_text(json.dumps(_AUDIT_POLICY), encoding="utf-8")
    return _command(
        program,
        {
            "bind-address": "127.0.0.1",
            "secure-port": ports.api_server,
            "authorization-mode": "RBAC",
            "allow-privileged": True,
            "service-cluster-ip-range": _SERVICE_RANGES,
            # The address of the Service "kubernetes" would be 127.0.0.1, which an EndpointSlice must not have.
            "endpoint-reconciler-type": "none",
            # Calico's mutating admission policies are written against this version, which is off unless asked for.
            "runtime-config": "admissionregistration.k8s.io/v1beta1=true",
            "event-ttl": "30m",
            "profiling": False,
            "audit-policy-file": policy,
            "audit-log-path": audit_log(directory),
            "audit-log-format": "json",
            "audit-log-mode": "blocking",
            "audit-log-maxsize": 10_000,
            **_api_server_files(certificates, ports),
            **_front_proxy(certificates),
        },
    )


def controllers(program: Path, kubeconfig: Path, certificates: Certificates) -> list[str]:
    """kube-controller-manager with the controllers that the tests need, each with its own service account."""
    return _command(
        program,
        {
            "kubeconfig": kubeconfig,
            "controllers": ",".join(_CONTROLLERS),
            "use-service-account-credentials": True,
            "service-account-private-key-file": certificates.token_signing_key,
            "root-ca-file": certificates.ca,
            "leader-elect": False,
            "secure-port": 0,
            "kube-api-qps": 200,
            "kube-api-burst": 400,
            "profiling": False,
        },
    )


def stand_in(role: str, server: str, directory: Path, release: ReleaseName = NEWEST) -> list[str]:
    """Calico's API server of a release, or a front before kube-apiserver, played by this project's own program."""
    options = [f"--server={server}", f"--directory={directory}", f"--release={release}"]
    return [sys.executable, str(_STAND_IN), role, *options]


def audit_log(directory: Path) -> Path:
    """Where the API server of a directory writes its audit log."""
    return directory / "audit.log"


def _api_server_files(certificates: Certificates, ports: Ports) -> dict[str, object]:
    """The API server's options about certificates, keys and tokens."""
    return {
        "etcd-servers": f"https://127.0.0.1:{ports.etcd}",
        "etcd-cafile": certificates.ca,
        "etcd-certfile": certificates.etcd_client.certificate,
        "etcd-keyfile": certificates.etcd_client.key,
        **_serving(certificates.api_server),
        "client-ca-file": certificates.ca,
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": certificates.token_public_key,
        "service-account-signing-key-file": certificates.token_signing_key,
    }


def _front_proxy(certificates: Certificates) -> dict[str, object]:
    """How the API server passes requests on to other servers, and whose word about a user it takes itself."""
    return {
        "proxy-client-cert-file": certificates.front_proxy.certificate,
        "proxy-client-key-file": certificates.front_proxy.key,
        "requestheader-client-ca-file": certificates.front_proxy_ca,
        "requestheader-allowed-names": FRONT_PROXY,
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    }


def _serving(identity: Identity) -> dict[str, object]:
    return {"tls-cert-file": identity.certificate, "tls-private-key-file": identity.key}


def _command(program: Path, options: Mapping[str, object]) -> list[str]:
    """The command with its options as --name=value."""
    values = {name: str(value).lower() if isinstance(value, bool) else value for name, value in options.items()}
    return [str(program), *(f"--{name}={value}" for name, value in values.items())]
