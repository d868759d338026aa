# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of every module: connect, do the work, and answer, with the cluster in every result and no secret in any."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._calico.errors import NetguardError
from .._cluster.connection import Connection, connect, require_verified_tls
from .._cluster.discovery import (
    Cluster,
    OnlyV1,
    discover,
    discover_kubernetes,
    discover_stored,
    only_v1,
)
from .._cluster.gate import Gate, Stopped
from .._cluster.gated import GatedGateway
from .._cluster.gateway import Gateway
from .._cluster.proxy import proxy_secrets
from .._cluster.stored import StoredGateway
from .._cluster.waiting import wait_for_api
from .callers import all_there, callers_of
from .cancelling import cancellable, cancellation
from .progress import ProgressFile, progress_of

Result = dict[str, Any]


class WrongCluster(NetguardError):
    """The cluster that answers is not the one that was expected."""

    code = "wrong_cluster"


@dataclass(frozen=True)
class Session:
    """What a module's work may use."""

    params: dict[str, Any]
    check_mode: bool
    diff_mode: bool
    gateway: Gateway
    cluster: Cluster
    warn: Callable[[str], None]
    pause: Callable[[float], None]
    progress: ProgressFile


Work = Callable[[Session], Result]
Discovery = Callable[[dict[str, Any], Connection], Cluster]


class Unfinished(Exception):
    """Work that ended in failures of single objects: ``result`` is returned with the failure, ``code`` is as an error's."""

    def __init__(self, message: str, code: str, result: Result) -> None:
        super().__init__(message)
        self.code = code
        self.result = result


def run(module: AnsibleModule, prepare: Callable[[dict[str, Any]], Work]) -> None:
    """Runs a module that needs Calico's API. ``prepare`` checks the input before anything is sent."""
    _run(module, prepare, _discover_calico)


def run_reading(module: AnsibleModule, prepare: Callable[[dict[str, Any]], Work]) -> None:
    """The same for a module that only reads, and does so too where Calico's v1 CRDs are all that is there."""
    _run(module, prepare, _discover_to_read)


def run_on_kubernetes(module: AnsibleModule, prepare: Callable[[dict[str, Any]], Work]) -> None:
    """The same for a module that needs Kubernetes' own API only."""
    _run(module, prepare, lambda _params, connection: discover_kubernetes(connection))


def run_offline(module: AnsibleModule, work: Callable[[dict[str, Any]], Result]) -> None:
    """Runs a module's work that asks no cluster."""
    _uncover(module)
    try:
        result = work(module.params)
    except NetguardError as error:
        module.fail_json(msg=error.message, code=error.code)
    else:
        module.exit_json(**result)


def _run(module: AnsibleModule, prepare: Callable[[dict[str, Any]], Work], find: Discovery) -> None:
    cluster: Cluster | None = None
    progress = progress_of(os.environ)
    callers = callers_of(os.environ)
    gate = Gate(progress.writing, partial(all_there, callers))
    _uncover(module)
    try:
        with cancellable(gate, callers):
            work = prepare(module.params)
            progress.phase("asking which cluster it is")
            connection = _connected(module, gate)
            cluster = find(module.params, connection)
            _check_uid(module, cluster)
            result = work(_session(module, connection, cluster, gate, progress))
    except Stopped:
        module.fail_json(**cancellation(gate.record, progress.total), **_cluster_result(cluster))
    except NetguardError as error:
        failed = {"code": error.code, "changed": error.changed, **error.details}
        module.fail_json(msg=error.message, **failed, **_cluster_result(cluster))
    except Unfinished as error:
        module.fail_json(msg=str(error), code=error.code, **error.result, **_cluster_result(cluster))
    else:
        module.exit_json(**result, **_cluster_result(cluster))


def _uncover(module: AnsibleModule) -> None:
    """A kubeconfig's path and a proxy's URL are no secrets, its content and its password are; errors name the former."""
    kubeconfig, proxy = module.params["kubeconfig"], module.params["proxy"] or ""
    shown = {proxy}
    if isinstance(kubeconfig, str) and not kubeconfig.lstrip().startswith("{"):
        shown.add(kubeconfig)
    module.no_log_values = (module.no_log_values - shown) | set(proxy_secrets(proxy))


def _connected(module: AnsibleModule, gate: Gate) -> Connection:
    connection = connect(module.params, os.environ, gate.pause)
    # The whole kubeconfig counts as secret until here; from now on only the secrets in it, or the names of the
    # context and the server would be censored in every result.
    module.no_log_values = set(connection.secrets)
    for text in connection.warnings:
        module.warn(text)
    if module.params["require_tls"]:
        require_verified_tls(connection)
    return connection


def _discover_calico(params: dict[str, Any], connection: Connection) -> Cluster:
    return wait_for_api(connection, params["wait_timeout"]) if params.get("wait") else discover(connection)


def _discover_to_read(params: dict[str, Any], connection: Connection) -> Cluster:
    try:
        return _discover_calico(params, connection)
    except OnlyV1:
        return discover_stored(connection)


def _session(
    module: AnsibleModule, connection: Connection, cluster: Cluster, gate: Gate, progress: ProgressFile
) -> Session:
    gateway: Gateway = GatedGateway(connection.gateway, gate)
    if cluster.backend == "v1":
        module.warn(f"{only_v1().message} Until then it can be audited, and nothing can be written")
        gateway = StoredGateway(gateway)
    return Session(module.params, module.check_mode, module._diff, gateway, cluster, module.warn, gate.pause, progress)


def _check_uid(module: AnsibleModule, cluster: Cluster) -> None:
    expected = module.params["expected_cluster_uid"]
    if not expected:
        return
    if cluster.uid is None:
        raise WrongCluster(
            "The cluster's uid cannot be read, so it cannot be compared with expected_cluster_uid",
            "Grant get on the namespace kube-system.",
        )
    if cluster.uid != expected:
        raise WrongCluster(
            f"{cluster.server} has the uid {cluster.uid}, expected_cluster_uid is {expected}",
            "Check the connection; nothing was written.",
        )


def _cluster_result(cluster: Cluster | None) -> Result:
    return {} if cluster is None else {"cluster": cluster.as_result()}
