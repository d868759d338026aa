# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane for each set of CRDs, and Ansible pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from ansible_run import Ansible
from cluster_content import Content
from control_plane import Backend, ControlPlane, start, stop
from requests_seen import Requests

ROOT = Path(__file__).resolve().parents[2]
CALICO_CRDS = ROOT.parent / "shared" / "crds" / "v3"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How the control planes of these tests serve Calico's API."""
    parser.addoption("--backend", choices=get_args(Backend), default="native", help="how Calico's API is served")


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    """How Calico's API is served."""
    chosen: Backend = request.config.getoption("--backend")
    return chosen


@pytest.fixture
def native_only(backend: Backend) -> None:
    """For what plain CRDs let happen, and Calico's API server does not."""
    if backend != "native":
        pytest.skip("with Calico's API server this does not come about, or not in this way")


@pytest.fixture(scope="session", params=["own CRDs", "Calico's CRDs"])
def plane(
    request: pytest.FixtureRequest, backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    if request.param == "own CRDs":
        crds = None
    elif backend == "aggregated":
        pytest.skip("the stand-in for Calico's API server stores in CRDs of its own")
    elif CALICO_CRDS.is_dir():
        crds = [CALICO_CRDS]
    else:
        pytest.skip("Calico's own CRDs are not beside this checkout")
    started = start(tmp_path_factory.mktemp("cluster") / "plane", crds, backend)
    yield started
    stop(started.directory)


@pytest.fixture
def content(plane: ControlPlane) -> Iterator[Content]:
    """The cluster's content, which is taken away again after the test."""
    content = Content(plane.admin_api())
    yield content
    content.remove()


@pytest.fixture
def collections() -> Path:
    """The folder where Ansible finds this checkout as a collection; `make setup` makes it."""
    return ROOT / "build" / "collections"


@pytest.fixture
def ansible(plane: ControlPlane, collections: Path, tmp_path: Path) -> Ansible:
    return Ansible(tmp_path, {"kubeconfig": str(plane.kubeconfig)}, collections)


@pytest.fixture
def requests(plane: ControlPlane) -> Callable[[], Requests]:
    """Opens a block whose requests are counted."""
    return lambda: Requests(plane.audit_log)


def policy(name: str, **spec: Any) -> dict[str, Any]:
    """A GlobalNetworkPolicy's manifest."""
    metadata = {"name": name}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}
