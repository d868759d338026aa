# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority, certificates and keys for one control plane."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=30)
# kube-apiserver passes on who asks with a certificate of this name, from an authority that signs nothing else.
FRONT_PROXY = "front-proxy-client"
CALICO_API_SERVER = "calico-apiserver"
CALICO_API_SERVICE, CALICO_API_NAMESPACE = "calico-api", "calico-system"
_SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"{CALICO_API_SERVICE}.{CALICO_API_NAMESPACE}.svc",
)
_SERVER_ADDRESSES = ("127.0.0.1", "::1", "10.96.0.1")


@dataclass(frozen=True)
class Identity:
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """What the components and the administrator identify themselves with.

    Attributes:
        ca: the file of the authority's certificate.
        etcd: serves etcd's clients and its own peer address.
        etcd_client: the API server towards etcd.
        api_server: serves the API.
        controllers: the controllers towards the API.
        admin: in the group system:masters.
        front_proxy_ca: the file of the authority of front_proxy alone.
        front_proxy: kube-apiserver towards servers that it passes requests on to.
        calico_api_server: serves projectcalico.org/v3 where that is aggregated, and asks the API.
        token_signing_key: signs service account tokens.
        token_public_key: checks them.
    """

    ca: Path
    etcd: Identity
    etcd_client: Identity
    api_server: Identity
    controllers: Identity
    admin: Identity
    front_proxy_ca: Path
    front_proxy: Identity
    calico_api_server: Identity
    token_signing_key: Path
    token_public_key: Path


@dataclass(frozen=True)
class _Authority:
    """What signs, and where the results go."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    folder: Path


def make_certificates(folder: Path) -> Certificates:
    """Make everything anew in an existing folder; keys are readable by the owner only."""
    files = certificates_in(folder)
    authority = _authority(folder, "netguard control plane", files.ca)
    for name in ("etcd", "etcd-client", "kube-apiserver", "system:kube-controller-manager", CALICO_API_SERVER):
        _issue(authority, name)
    _issue(authority, "admin", group="system:masters")
    _issue(_authority(folder, "netguard front proxy", files.front_proxy_ca), FRONT_PROXY)
    token_key = ec.generate_private_key(ec.SECP256R1())
    _write(files.token_signing_key, _key_pem(token_key))
    _write(files.token_public_key, _public_pem(token_key))
    return files


def certificates_in(folder: Path) -> Certificates:
    """The files in a folder that `make_certificates` fills."""
    return Certificates(
        ca=folder / "ca.crt",
        etcd=_identity(folder, "etcd"),
        etcd_client=_identity(folder, "etcd-client"),
        api_server=_identity(folder, "kube-apiserver"),
        controllers=_identity(folder, "system:kube-controller-manager"),
        admin=admin_identity(folder),
        front_proxy_ca=folder / "front-proxy-ca.crt",
        front_proxy=_identity(folder, FRONT_PROXY),
        calico_api_server=_identity(folder, CALICO_API_SERVER),
        token_signing_key=folder / "service-account.key",
        token_public_key=folder / "service-account.pub",
    )


def admin_identity(folder: Path) -> Identity:
    """The administrator's files in a folder that `make_certificates` filled."""
    return _identity(folder, "admin")


def _authority(folder: Path, common_name: str, file: Path) -> _Authority:
    """A new authority, whose certificate goes to the file and whose key is never written."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name, None)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    _write(file, _pem(certificate))
    return _Authority(certificate, key, folder)


def _issue(authority: _Authority, name: str, group: str | None = None) -> None:
    """Write a certificate for the name, good for serving on this machine and for being a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        *(x509.DNSName(server) for server in _SERVER_NAMES),
        *(x509.IPAddress(ip_address(address)) for address in _SERVER_ADDRESSES),
    ]
    certificate = (
        _builder(_name(name, group), authority.certificate.subject, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(_authority_key(authority), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    identity = _identity(authority.folder, name)
    _write(identity.certificate, _pem(certificate))
    _write(identity.key, _key_pem(key))


def _identity(folder: Path, name: str) -> Identity:
    """The files for a name."""
    stem = name.replace(":", "-")
    return Identity(folder / f"{stem}.crt", folder / f"{stem}.key")


def _authority_key(authority: _Authority) -> x509.AuthorityKeyIdentifier:
    """The authority's key identifier, which strict clients ask for."""
    extension = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(extension.value)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """What all certificates have in common."""
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str, group: str | None) -> x509.Name:
    """A subject; Kubernetes reads the user from the common name and the group from the organization."""
    organization = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
