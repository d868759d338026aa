# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connection is meant: the task's options, then K8S_AUTH_* variables, never mixed across two clusters.

The names are those of kubernetes.core and of AWX's Kubernetes credential. Different from kubernetes.core: a pod's own
service account is used on request only, and K8S_AUTH_HOST with the credentials beside it is never combined with another
server, kubeconfig or context that the task names, since a token would else be sent to a server that it was not meant
for. Credentials without K8S_AUTH_HOST say no server, so they go with the one that the task names, as in kubernetes.core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .._calico.errors import InvalidInput

_VARIABLES = {
    "kubeconfig": "K8S_AUTH_KUBECONFIG",
    "context": "K8S_AUTH_CONTEXT",
    "host": "K8S_AUTH_HOST",
    "api_key": "K8S_AUTH_API_KEY",
    "username": "K8S_AUTH_USERNAME",
    "password": "K8S_AUTH_PASSWORD",
    "client_cert": "K8S_AUTH_CERT_FILE",
    "client_key": "K8S_AUTH_KEY_FILE",
    "ca_cert": "K8S_AUTH_SSL_CA_CERT",
    "validate_certs": "K8S_AUTH_VERIFY_SSL",
    "proxy": "K8S_AUTH_PROXY",
    "no_proxy": "K8S_AUTH_NO_PROXY",
    "impersonate_user": "K8S_AUTH_IMPERSONATE_USER",
    "impersonate_groups": "K8S_AUTH_IMPERSONATE_GROUPS",
    "proxy_headers.basic_auth": "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH",
    "proxy_headers.proxy_basic_auth": "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH",
    "proxy_headers.user_agent": "K8S_AUTH_PROXY_HEADERS_USER_AGENT",
}
_IN_CLUSTER = "K8S_AUTH_IN_CLUSTER"
_TRUE = {"1", "true", "yes", "on", "y", "t"}
_FALSE = {"0", "false", "no", "off", "n", "f"}
# What says which server is meant, and what is meant for that server alone.
_NAMES_A_KUBECONFIG = ("kubeconfig", "context")
_OF_A_HOST = (
    "host",
    "api_key",
    "username",
    "password",
    "client_cert",
    "client_key",
    "ca_cert",
    "validate_certs",
    "proxy_headers.basic_auth",
)
_OF_ANOTHER_THAN_THE_PODS = (*_NAMES_A_KUBECONFIG, *_OF_A_HOST)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Options:
    """What is asked for; ``None`` where nothing is. ``validate_certs_source`` says who decided about verification."""

    in_cluster: bool = False
    kubeconfig: str | Mapping[str, Any] | None = None
    context: str | None = None
    host: str | None = None
    api_key: str | None = None
    username: str | None = None
    password: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    ca_cert: str | None = None
    validate_certs: bool | None = None
    validate_certs_source: str = "default"
    proxy: str | None = None
    no_proxy: str | None = None
    proxy_headers: Mapping[str, str] = field(default_factory=dict)
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def options(params: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """The options of the task completed from the environment. Raises InvalidInput where they contradict each other."""
    given = _given(params)
    in_environ = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
    pod = _asked_for_the_pod(params, given, environ)
    set_aside = _of_another_server(given, in_environ, bool(pod))
    used = {name: value for name, value in in_environ.items() if name not in set_aside}
    return _options({**used, **given}, given, bool(pod), _warning(set_aside, given, pod))


def as_url(host: str) -> str:
    """The address as a URL; one without a scheme is meant with https."""
    return (host if "://" in host else f"https://{host}").rstrip("/")


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    """What the task gives, under the names of ``_VARIABLES``; an empty value counts as not given."""
    headers = {f"proxy_headers.{name}": value for name, value in (params.get("proxy_headers") or {}).items()}
    values = {**params, **headers}
    return {name: values[name] for name in _VARIABLES if values.get(name) not in (None, "", [])}


def _asked_for_the_pod(params: Mapping[str, Any], given: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Who asks for the pod's own service account, empty where nobody does."""
    asked = "connection: in_cluster" if params.get("connection") == "in_cluster" else ""
    names_a_server = any(name in given for name in (*_NAMES_A_KUBECONFIG, "host"))
    if not asked and not names_a_server and _boolean(environ.get(_IN_CLUSTER) or False, _IN_CLUSTER):
        asked = f"{_IN_CLUSTER}=true"
    contradicting = [name for name in _OF_ANOTHER_THAN_THE_PODS if name in given]
    if asked and contradicting:
        raise InvalidInput(
            f"{asked} takes the server, its credentials and its certificate from the pod, and the task gives "
            f"{', '.join(contradicting)} besides",
            "Leave them out, or ask for another connection.",
        )
    return asked


def _of_another_server(given: Mapping[str, Any], in_environ: Mapping[str, Any], in_cluster: bool) -> tuple[str, ...]:
    """The environment's parts that belong to another server than the one that is meant."""
    names_a_kubeconfig = any(name in given for name in _NAMES_A_KUBECONFIG)
    parts: tuple[str, ...] = ()
    if in_cluster:
        parts = _OF_ANOTHER_THAN_THE_PODS
    elif "host" in given:
        same = "host" not in in_environ or _server(given["host"]) == _server(in_environ["host"])
        parts = _NAMES_A_KUBECONFIG if same else _OF_ANOTHER_THAN_THE_PODS
    elif "host" in in_environ:
        # Where both are the environment's, an address with its credentials comes first, as in kubernetes.core.
        parts = _OF_A_HOST if names_a_kubeconfig else _NAMES_A_KUBECONFIG
    return tuple(name for name in parts if name in in_environ)


def _server(host: str) -> tuple[str, str | None, int | None, str]:
    """Scheme, name, port and path: what must be equal for two spellings of an address to be one server."""
    try:
        parts = urlsplit(as_url(host))
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme), parts.path
    except ValueError:
        return "", host, None, ""


def _warning(set_aside: tuple[str, ...], given: Mapping[str, Any], pod: str) -> tuple[str, ...]:
    if not set_aside:
        return ()
    variables = ", ".join(_VARIABLES[name] for name in set_aside)
    chosen = next((name for name in ("host", *_NAMES_A_KUBECONFIG) if name in given), _VARIABLES["host"])
    return (f"{variables} not used: {pod or chosen} names the cluster",)


def _options(
    chosen: Mapping[str, Any], given: Mapping[str, Any], in_cluster: bool, warnings: tuple[str, ...]
) -> Options:
    read_apart = ("validate_certs", "impersonate_groups")
    plain = {name: value for name, value in chosen.items() if name not in read_apart and "." not in name}
    verify = chosen.get("validate_certs")
    source = "option validate_certs" if "validate_certs" in given else "environment K8S_AUTH_VERIFY_SSL"
    return Options(
        **plain,
        in_cluster=in_cluster,
        validate_certs=None if verify is None else _boolean(verify, "K8S_AUTH_VERIFY_SSL"),
        validate_certs_source="default" if verify is None else source,
        impersonate_groups=_groups(chosen.get("impersonate_groups")),
        proxy_headers={name.partition(".")[2]: value for name, value in chosen.items() if "." in name},
        warnings=warnings,
    )


def _groups(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(part.strip() for part in parts if part.strip())


def _boolean(value: Any, variable: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise InvalidInput(f"{variable} is {value!r}, neither true nor false", "Set it to true or false, or unset it.")
    return word in _TRUE
