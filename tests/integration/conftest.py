# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane for each set of CRDs, and Ansible pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from control_plane import ControlPlane, start, stop
from install import OWN_CRDS
from requests_seen import Requests

ROOT = Path(__file__).resolve().parents[2]
CALICO_CRDS = ROOT.parent / "shared" / "crds" / "v3"


PLANES = {"native": ["own CRDs", "Calico's CRDs"], "aggregated": ["aggregated"]}


def pytest_addoption(parser: pytest.Parser) -> None:
    """How the control planes of these tests serve Calico's API."""
    parser.addoption("--backend", choices=list(PLANES), default="native", help="how Calico's API is served")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that has a control plane runs on each that belongs to the backend."""
    if "plane" in metafunc.fixturenames:
        planes = PLANES[metafunc.config.getoption("--backend")]
        metafunc.parametrize("plane", planes, indirect=True, scope="session")


@pytest.fixture(scope="session")
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    directory = tmp_path_factory.mktemp("cluster") / "plane"
    if request.param == "aggregated":
        started = start(directory, backend="aggregated")
    elif request.param == "own CRDs":
        started = start(directory, [OWN_CRDS])
    elif CALICO_CRDS.is_dir():
        started = start(directory, [CALICO_CRDS])
    else:
        pytest.skip("Calico's own CRDs are not beside this checkout")
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
