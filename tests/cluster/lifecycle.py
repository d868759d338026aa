# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a control plane in a directory, finds it again, and stops it without leaving anything behind."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import components
import processes
from aggregated.registration import is_available, manifests
from aggregated.release import NEWEST, RELEASES, ReleaseName
from aggregated.stored_crds import stored_definitions
from api import Api, ApiError
from binaries import find_or_build
from certificates import Certificates, admin_identity, make_certificates
from components import Ports
from install import DEFAULT_TIER, OWN_CRDS, Installed, apply, install, read_manifests
from kubeconfig import by_certificate, write_kubeconfig
from processes import Process
from stand_in import CALICO_API, FRONT, PORT

Backend = Literal["native", "aggregated"]
_MARKER = "control-plane.json"
_START_SECONDS = 60.0
_STOP_SECONDS = 3.0
_ATTEMPTS = 3


class StartError(Exception):
    """The control plane does not come up; the first line says why, the rest is the end of a component's log."""


class StopError(Exception):
    """The directory is not one of a control plane, so nothing of it was removed."""


class _PortTaken(StartError):
    """Somebody else took a port between its choice and its use."""


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane.

    Attributes:
        directory: everything that it writes; `stop` removes it.
        server: the address of the API server.
        kubeconfig: an administrator's kubeconfig.
        audit_log: one JSON object a line for each request that was answered.
        ca: the certificate of the authority that the server is checked against.
    """

    directory: Path
    server: str
    kubeconfig: Path
    audit_log: Path
    ca: Path

    def admin_api(self) -> Api:
        """The API as an administrator, for preparing tests and looking at what came of them."""
        return Api(self.server, self.ca, admin_identity(_certificates(self.directory)))


@dataclass(frozen=True)
class Started:
    """A control plane that just came up, and what was installed into it."""

    control_plane: ControlPlane
    installed: Installed


def start(
    directory: Path,
    crds: Sequence[Path] | None = None,
    backend: Backend = "native",
    release: ReleaseName | None = None,
) -> ControlPlane:
    """Start a control plane in a new or empty directory and return when it is ready and serves Calico's API.

    `crds` are files and folders of manifests; with none of them the server has Kubernetes' own kinds only. Without
    the argument they are the project's own. An aggregated backend has a server of its own for Calico's API, and
    `crds` are what it gets besides. `release` is the Calico that this server is of, the newest where it is None; a native
    backend has none.
    Raises StartError, BuildError or InstallError; nothing runs then, and the directory is gone.
    """
    return start_and_report(directory, crds, backend, release).control_plane


def start_and_report(
    directory: Path, crds: Sequence[Path] | None, backend: Backend = "native", release: ReleaseName | None = None
) -> Started:
    """Like `start`, and says what was installed."""
    if release and backend == "native":
        raise StartError(f"only an aggregated backend has a release of Calico, this one cannot be {release}")
    own = [OWN_CRDS] if backend == "native" else []
    wanted = read_manifests(own if crds is None else crds)
    programs = find_or_build()
    directory = _prepared(directory)
    with ExitStack() as undo:
        undo.callback(stop, directory)
        certificates = make_certificates(_certificates(directory))
        with _answering(directory):
            control_plane = _run(directory, programs, certificates)
            if backend == "aggregated":
                wanted = [*stored_definitions(RELEASES[release or NEWEST]), *wanted]
            installed = install(control_plane.admin_api(), wanted, _START_SECONDS)
            if backend == "aggregated":
                _aggregate(control_plane, release or NEWEST)
        undo.pop_all()
    return Started(control_plane, installed)


def put_front_before(control_plane: ControlPlane) -> ControlPlane:
    """The same control plane, reached through a front that shows the faults ordered in its folder `front`.

    The front ends with the control plane. Raises StartError where it does not come up.
    """
    port = _stand_in(control_plane, FRONT)
    kubeconfig = control_plane.directory / FRONT / "kubeconfig"
    fronted = replace(control_plane, server=f"https://127.0.0.1:{port}", kubeconfig=kubeconfig)
    identity = by_certificate(admin_identity(_certificates(control_plane.directory)))
    write_kubeconfig(kubeconfig, fronted.server, control_plane.ca, identity)
    return fronted


def load(directory: Path) -> ControlPlane:
    """The control plane that was started in the directory. Raises StartError where there is none."""
    directory = directory.resolve()
    try:
        server = json.loads((directory / _MARKER).read_text(encoding="utf-8"))["server"]
    except (OSError, ValueError, KeyError) as error:
        raise StartError(f"{directory} has no control plane") from error
    return _control_plane(directory, server)


def stop(directory: Path) -> None:
    """End the processes of the control plane and remove its directory; fine where there is neither.

    Raises StopError where the directory is there and holds something else.
    """
    directory = directory.resolve()
    processes.stop_owned_by(directory, _STOP_SECONDS)
    if not directory.exists():
        return
    if not (directory / _MARKER).exists():
        raise StopError(f"{directory} is not the directory of a control plane, it is left as it is")
    shutil.rmtree(directory)


def _prepared(directory: Path) -> Path:
    """The directory, made or found empty, marked as ours and closed to others."""
    directory = directory.resolve()
    if processes.owned_by(directory) or (directory / _MARKER).exists():
        raise StartError(f"{directory} already has a control plane, stop that first")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise StartError(f"{directory} is not an empty directory")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    (directory / _MARKER).write_text("{}", encoding="utf-8")
    for folder in (_certificates(directory), _logs(directory)):
        folder.mkdir(mode=0o700)
    return directory


def _run(directory: Path, programs: Mapping[str, Path], certificates: Certificates) -> ControlPlane:
    """Start the three components, with other ports where one was taken in the meantime."""
    for _attempt in range(_ATTEMPTS - 1):
        try:
            return _run_once(directory, programs, certificates, _free_ports())
        except _PortTaken:
            processes.stop_owned_by(directory, _STOP_SECONDS)
            shutil.rmtree(directory / "etcd", ignore_errors=True)
            shutil.rmtree(_logs(directory))
            _logs(directory).mkdir(mode=0o700)
    return _run_once(directory, programs, certificates, _free_ports())


def _run_once(directory: Path, programs: Mapping[str, Path], certificates: Certificates, ports: Ports) -> ControlPlane:
    """Start the three components on these ports and wait until each does its work."""
    control_plane = _control_plane(directory, f"https://127.0.0.1:{ports.api_server}")
    (directory / _MARKER).write_text(json.dumps({"server": control_plane.server}), encoding="utf-8")
    for kubeconfig, identity in (
        (control_plane.kubeconfig, certificates.admin),
        (directory / "controllers.kubeconfig", certificates.controllers),
    ):
        write_kubeconfig(kubeconfig, control_plane.server, certificates.ca, by_certificate(identity))

    def spawn(name: str, command: Sequence[str]) -> Process:
        return processes.spawn(name, command, directory, _logs(directory) / f"{name}.log")

    api = control_plane.admin_api()
    etcd = spawn("etcd", components.etcd(programs["etcd"], directory, certificates, ports))
    _await([etcd], lambda: _listens(ports.etcd))
    api_server = spawn(
        "kube-apiserver", components.api_server(programs["kube-apiserver"], directory, certificates, ports)
    )
    _await([api_server, etcd], api.is_ready)
    program = programs["kube-controller-manager"]
    controllers = spawn(
        "kube-controller-manager", components.controllers(program, directory / "controllers.kubeconfig", certificates)
    )
    _await([controllers, api_server, etcd], lambda: _controllers_work(api))
    return control_plane


def _aggregate(control_plane: ControlPlane, name: ReleaseName) -> None:
    """Start the stand-in for Calico's API server and return when its API is available and has what Calico puts there."""
    api, release = control_plane.admin_api(), RELEASES[name]
    apply(api, release.cluster_information())
    for manifest in manifests(_stand_in(control_plane, CALICO_API, name), control_plane.ca):
        apply(api, manifest)
    deadline = time.monotonic() + _START_SECONDS
    while not is_available(api):
        if time.monotonic() > deadline:
            raise StartError(f"Calico's API is not available after {_START_SECONDS:.0f} s")
        time.sleep(0.05)
    if release.has_tiers:
        api.request("POST", "/apis/projectcalico.org/v3/tiers", DEFAULT_TIER)


def _stand_in(control_plane: ControlPlane, role: str, release: ReleaseName = NEWEST) -> int:
    """Start the stand-in in a role, in a folder of that name, and return the port of 127.0.0.1 where it listens."""
    directory = control_plane.directory
    (directory / role).mkdir(mode=0o700)
    command = components.stand_in(role, control_plane.server, directory, release)
    process = processes.spawn(role, command, directory, _logs(directory) / f"{role}.log")
    port = directory / role / PORT
    _await([process], port.exists)
    return int(port.read_text(encoding="utf-8"))


@contextmanager
def _answering(directory: Path) -> Iterator[None]:
    """Raises StartError with the end of the API server's log where a request to it breaks off."""
    try:
        yield
    except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
        tail = processes.log_tail(_logs(directory) / "kube-apiserver.log")
        raise StartError("\n".join([f"kube-apiserver does not answer any more: {error}", *tail])) from error


def _await(started: Sequence[Process], done: Callable[[], bool]) -> None:
    """Wait until it is done. Raises StartError where a process ends first, or where the time runs out on the first."""
    deadline = time.monotonic() + _START_SECONDS
    while not done():
        for process in started:
            if how := processes.exit_description(process):
                raise _failure(process, how)
        if time.monotonic() > deadline:
            raise _failure(started[0], f"is not ready after {_START_SECONDS:.0f} s")
        time.sleep(0.05)


def _failure(process: Process, how: str) -> StartError:
    """The error for a process that does not do its work."""
    tail = processes.log_tail(process.log)
    kind = _PortTaken if any("address already in use" in line for line in tail) else StartError
    return kind("\n".join([f"{process.name} {how}", *tail]))


def _listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _controllers_work(api: Api) -> bool:
    """Whether the controllers made the first service account, without which no pod can be created."""
    try:
        api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
    except ApiError as error:
        if error.status == 404 or error.status >= 500:
            return False
        raise
    return True


def _free_ports() -> Ports:
    """Ports on which nothing listens now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _port in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        etcd, etcd_peer, api_server = (int(each.getsockname()[1]) for each in sockets)
    return Ports(etcd, etcd_peer, api_server)


def _control_plane(directory: Path, server: str) -> ControlPlane:
    """What is where in the directory."""
    return ControlPlane(
        directory=directory,
        server=server,
        kubeconfig=directory / "kubeconfig",
        audit_log=components.audit_log(directory),
        ca=_certificates(directory) / "ca.crt",
    )


def _certificates(directory: Path) -> Path:
    return directory / "certificates"


def _logs(directory: Path) -> Path:
    return directory / "logs"
