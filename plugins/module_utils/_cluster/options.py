# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connection is meant: the task's options, then K8S_AUTH_* variables, never mixed across two clusters.

The names are those of kubernetes.core and of AWX's Kubernetes credential. Different from kubernetes.core: a pod's own
service account is used on request only, and an address or credential from the environment is never combined with a
kubeconfig that the task names, since a token would else be sent to a server that it was not meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
}
_PROXY_HEADERS = {
    "basic_auth": "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH",
    "proxy_basic_auth": "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH",
    "user_agent": "K8S_AUTH_PROXY_HEADERS_USER_AGENT",
}
_IN_CLUSTER = "K8S_AUTH_IN_CLUSTER"
_TRUE = {"1", "true", "yes", "on", "y", "t"}
_FALSE = {"0", "false", "no", "off", "n", "f"}
# What says which server is meant, and what is meant for that server alone.
_NAMES_A_KUBECONFIG = ("kubeconfig", "context")
_OF_A_HOST = ("host", "api_key", "username", "password", "client_cert", "client_key", "ca_cert", "validate_certs")


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
    given = {name: params[name] for name in _VARIABLES if params.get(name) not in (None, "", [])}
    in_environ = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
    in_cluster = _in_cluster(params, given, environ)
    if in_cluster:
        return Options(in_cluster=True)
    set_aside = _set_aside(given, in_environ)
    used = {name: value for name, value in in_environ.items() if name not in set_aside}
    return _options({**used, **given}, given, _headers(params, environ), _warning(set_aside, given))


def _in_cluster(params: Mapping[str, Any], given: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    named = [name for name in ("host", "kubeconfig", "context") if name in given]
    if params.get("connection") == "in_cluster":
        if named:
            raise InvalidInput(f"connection: in_cluster and {named[0]} name two clusters", "Leave one of them out.")
        return True
    asked = environ.get(_IN_CLUSTER, "")
    return bool(asked) and _boolean(asked, _IN_CLUSTER) and not named


def _set_aside(given: Mapping[str, Any], in_environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environment's parts that belong to another server than the one that the task names."""
    if any(name in given for name in _NAMES_A_KUBECONFIG) and "host" not in given and "host" in in_environ:
        return tuple(name for name in _OF_A_HOST if name in in_environ)
    if "host" in given:
        return tuple(name for name in (*_NAMES_A_KUBECONFIG, "host") if name in in_environ)
    if "host" in in_environ:
        # Both by the environment: as in kubernetes.core, an address with its credentials comes first.
        return tuple(name for name in _NAMES_A_KUBECONFIG if name in in_environ and name not in given)
    return ()


def _warning(set_aside: tuple[str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    if not set_aside:
        return ()
    variables = ", ".join(_VARIABLES[name] for name in set_aside)
    chosen = next((name for name in ("kubeconfig", "context", "host") if name in given), _VARIABLES["host"])
    return (f"{variables} not used: {chosen} names the cluster",)


def _options(
    chosen: Mapping[str, Any], given: Mapping[str, Any], headers: Mapping[str, str], warnings: tuple[str, ...]
) -> Options:
    plain = {name: value for name, value in chosen.items() if name not in ("validate_certs", "impersonate_groups")}
    verify = chosen.get("validate_certs")
    source = "option validate_certs" if "validate_certs" in given else "environment K8S_AUTH_VERIFY_SSL"
    return Options(
        **plain,
        validate_certs=None if verify is None else _boolean(verify, "K8S_AUTH_VERIFY_SSL"),
        validate_certs_source="default" if verify is None else source,
        impersonate_groups=_groups(chosen.get("impersonate_groups")),
        proxy_headers=headers,
        warnings=warnings,
    )


def _headers(params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    given = params.get("proxy_headers") or {}
    found = {name: given.get(name) or environ.get(variable) for name, variable in _PROXY_HEADERS.items()}
    return {name: value for name, value in found.items() if value}


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
