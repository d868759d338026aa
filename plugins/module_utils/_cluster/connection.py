# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options and environment to a gateway: the kubernetes client's configuration, and nothing sent yet."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._calico.errors import InvalidInput, NetguardError
from .gateway import ApiGateway
from .http import Http
from .kubeconfig import Kubeconfig, read_kubeconfig
from .options import Options, as_url, options
from .proxy import proxy_of_environment, proxy_secrets

VERSION = "0.1.0"
CONCURRENT_REQUESTS = 8
_LOSES_TOKENS = ("36.0.0", "36.0.1")
_OLDEST, _NEWEST_TESTED = 31, 37


class LibraryMissing(NetguardError):
    """A Python library that the modules need is not there, or is a version that they cannot use."""

    code = "library_missing"


class TlsNotVerified(NetguardError):
    """The server's certificate is not verified, and the user asked that it must be."""

    code = "tls_not_verified"


@dataclass(frozen=True)
class Connection:
    """A way to one API server. ``secrets`` are strings that must never be shown; ``tls_source`` says who decided."""

    gateway: ApiGateway
    server: str
    context: str | None
    tls_verified: bool
    tls_source: str
    warnings: tuple[str, ...]
    secrets: tuple[str, ...]


def connect(
    params: Mapping[str, Any], environ: Mapping[str, str], pause: Callable[[float], None] = time.sleep
) -> Connection:
    """Prepares the connection that a module's options and the environment name; no request is sent.

    ``pause`` waits so many seconds before a request is repeated; what it raises ends the request.
    Raises InvalidInput for options that lead to no server, and LibraryMissing.
    """
    library = _check_library()
    wanted = options(params, environ)
    configuration = _configuration()
    kubeconfig = None if wanted.in_cluster else _kubeconfig(wanted, environ)
    if wanted.in_cluster:
        _load_in_cluster(configuration)
    elif kubeconfig is not None:
        _load_kubeconfig(configuration, kubeconfig)
    _override(configuration, wanted)
    _set_proxy(configuration, wanted, kubeconfig)
    return _connection(wanted, configuration, kubeconfig, library, pause)


def require_verified_tls(connection: Connection) -> None:
    """Raises TlsNotVerified where the certificate of the server is not verified."""
    if not connection.tls_verified:
        raise TlsNotVerified(
            f"The certificate of {connection.server} is not verified ({connection.tls_source}), and require_tls is set",
            "Give ca_cert and verify; where AWX's credential turned verification off, enter its certificate authority.",
        )


def version_warning(version: str) -> tuple[str, ...]:
    """What is to be said about this version of the kubernetes library. Raises LibraryMissing where it cannot be used."""
    major = int(version.partition(".")[0])
    if version in _LOSES_TOKENS or major < _OLDEST:
        raise LibraryMissing(
            f"The Python library kubernetes is {version}, which cannot be used",
            f"Install kubernetes {_OLDEST} to {_NEWEST_TESTED}, not {' and '.join(_LOSES_TOKENS)}.",
        )
    if major <= _NEWEST_TESTED:
        return ()
    tested = f"{_OLDEST} to {_NEWEST_TESTED} are"
    return (f"The Python library kubernetes is {version}, which netguard.calico is not tested with; {tested}.",)


def _check_library() -> tuple[str, ...]:
    import sys

    try:
        import kubernetes
    except ImportError as error:
        raise LibraryMissing(
            f"The Python library {error.name} is not installed for {sys.executable}",
            "pip install 'kubernetes>=31,!=36.0.0,!=36.0.1,<38', or set ansible_python_interpreter to a Python that has it.",
        ) from error
    return version_warning(str(kubernetes.__version__))


def _configuration() -> Any:
    from kubernetes.client import Configuration

    configuration = Configuration()
    configuration.connection_pool_maxsize = CONCURRENT_REQUESTS
    return configuration


def _kubeconfig(wanted: Options, environ: Mapping[str, str]) -> Kubeconfig | None:
    # A host alone is enough; with a kubeconfig beside it, the host replaces the address in it.
    if wanted.host and not wanted.kubeconfig and not wanted.context:
        return None
    return read_kubeconfig(wanted.kubeconfig, wanted.context, environ)


def _load_in_cluster(configuration: Any) -> None:
    from kubernetes.config import ConfigException, load_incluster_config

    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        raise InvalidInput(
            f"connection: in_cluster is asked for, and this is no pod with a service account: {error}",
            "Give kubeconfig or host instead.",
        ) from error


def _load_kubeconfig(configuration: Any, kubeconfig: Kubeconfig) -> None:
    from kubernetes import config

    try:
        if kubeconfig.files:
            config.load_kube_config(
                kubeconfig.files, kubeconfig.context, client_configuration=configuration, persist_config=False
            )
        else:
            config.load_kube_config_from_dict(
                dict(kubeconfig.content), kubeconfig.context, client_configuration=configuration, persist_config=False
            )
    except config.ConfigException as error:
        raise InvalidInput(f"{kubeconfig.where} cannot be used: {error}", "Correct the kubeconfig.") from error
    if kubeconfig.insecure:
        configuration.verify_ssl = False


def _override(configuration: Any, wanted: Options) -> None:
    """What the options give beside a kubeconfig or a pod's service account wins over it."""
    for attribute, path in (
        ("ca_cert", wanted.ca_cert),
        ("client_cert", wanted.client_cert),
        ("client_key", wanted.client_key),
    ):
        if path and not os.path.isfile(path):
            raise InvalidInput(
                f"There is no file {path} ({attribute})", "Check the path; it is read where the task runs."
            )
    if wanted.host:
        configuration.host = _url(wanted.host)
    if wanted.ca_cert:
        configuration.ssl_ca_cert = wanted.ca_cert
    if wanted.validate_certs is not None:
        configuration.verify_ssl = wanted.validate_certs
    _authenticate(configuration, wanted)


def _set_proxy(configuration: Any, wanted: Options, kubeconfig: Kubeconfig | None) -> None:
    """The options' proxy, or the kubeconfig's, or the environment's. Old releases of the client know the first only."""
    proxy, no_proxy = proxy_of_environment(configuration.host)
    configuration.proxy = wanted.proxy or (kubeconfig.proxy if kubeconfig else "") or proxy
    configuration.no_proxy = wanted.no_proxy or no_proxy
    if wanted.proxy_headers:
        configuration.proxy_headers = _proxy_headers(wanted.proxy_headers)


def _authenticate(configuration: Any, wanted: Options) -> None:
    if wanted.client_cert:
        configuration.cert_file, configuration.key_file = wanted.client_cert, wanted.client_key
    if not wanted.api_key and not wanted.username:
        return
    # The kubeconfig's own ways would be tried first by the server, or refreshed over what was given.
    if not wanted.client_cert:
        configuration.cert_file = configuration.key_file = None
    configuration.refresh_api_key_hook = None
    pair = f"{wanted.username}:{wanted.password or ''}".encode()
    value = f"Bearer {wanted.api_key}" if wanted.api_key else f"Basic {base64.b64encode(pair).decode()}"
    configuration.api_key = {"authorization": value}


def _url(host: str) -> str:
    url = as_url(host)
    if not url.startswith(("https://", "http://")):
        raise InvalidInput(f"host is {host!r}, not an https URL", "Write it as https://NAME:6443.")
    return url


def _proxy_headers(given: Mapping[str, Any]) -> Any:
    from urllib3 import make_headers

    return make_headers(**given)


def _connection(
    wanted: Options,
    configuration: Any,
    kubeconfig: Kubeconfig | None,
    warnings: tuple[str, ...],
    pause: Callable[[float], None],
) -> Connection:
    verified, source = _tls(wanted, configuration, kubeconfig)
    headers: dict[str, str | list[str]] = {"User-Agent": f"netguard.calico/{VERSION}"}
    if wanted.impersonate_user:
        headers["Impersonate-User"] = wanted.impersonate_user
    if wanted.impersonate_groups:
        headers["Impersonate-Group"] = list(wanted.impersonate_groups)
    http = _http(configuration, headers, pause)
    return Connection(
        gateway=ApiGateway(http),
        server=http.server,
        context=kubeconfig.context if kubeconfig else None,
        tls_verified=verified,
        tls_source=source,
        warnings=(*warnings, *wanted.warnings, *_tls_warning(http.server, verified, source)),
        secrets=_secrets(wanted, configuration, kubeconfig),
    )


def _http(configuration: Any, headers: Mapping[str, str | list[str]], pause: Callable[[float], None]) -> Http:
    import ssl

    from urllib3.exceptions import HTTPError

    try:
        return Http(configuration, headers, pause)
    except HTTPError:
        # Its words quote the URL, and with it the password.
        raise InvalidInput("The URL of the proxy cannot be used", "Write proxy as http://NAME:3128.") from None
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"The certificates cannot be used: {error}", "Check ca_cert, client_cert, client_key."
        ) from error


def _tls(wanted: Options, configuration: Any, kubeconfig: Kubeconfig | None) -> tuple[bool, str]:
    if not str(configuration.host).startswith("https://"):
        return False, "address without https"
    if wanted.validate_certs is not None:
        return wanted.validate_certs, wanted.validate_certs_source
    if kubeconfig is not None and kubeconfig.insecure:
        return False, "kubeconfig insecure-skip-tls-verify"
    return bool(configuration.verify_ssl), "default"


def _tls_warning(server: str, verified: bool, source: str) -> tuple[str, ...]:
    if verified or source.startswith("option"):
        return ()
    return (f"The certificate of {server} is not verified ({source}): whoever answers is believed.",)


def _secrets(wanted: Options, configuration: Any, kubeconfig: Kubeconfig | None) -> tuple[str, ...]:
    sent = [str(value) for value in configuration.api_key.values() if value]
    # What is sent has its scheme before it, Bearer or Basic; the bare secret must not show either.
    bare = [value.split(" ", 1)[1] for value in sent if " " in value]
    proxy = [value for name, value in wanted.proxy_headers.items() if name != "user_agent"]
    # The configuration's own, since the client also takes one from HTTPS_PROXY.
    proxy += proxy_secrets(configuration.proxy or "")
    found = [wanted.api_key, wanted.password, *sent, *bare, *proxy, *(kubeconfig.secrets if kubeconfig else ())]
    return tuple(dict.fromkeys(value for value in found if value))
