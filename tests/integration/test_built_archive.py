# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built archive, installed where nothing else is, runs the quick start of README.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import accounts
from cluster_content import Content
from conftest import OWN, ROOT
from control_plane import ControlPlane

PROGRAMS = Path(sys.executable).parent
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs one of Ansible's programs in an empty folder outside the checkout, with an empty collections path."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("K8S_AUTH_", "KUBECONFIG", "ANSIBLE_", "PYTHONPATH"))
    }
    environment = {
        **kept,
        "HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }

    def run(program: str, *arguments: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        words = [str(PROGRAMS / program), *arguments]
        return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def archive(command: Command, tmp_path: Path) -> Path:
    built = command("ansible-galaxy", "collection", "build", "--output-path", str(tmp_path), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = tmp_path.glob("netguard-calico-*.tar.gz")
    return found


@pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session")
def test_the_quick_start(
    command: Command, archive: Path, plane: ControlPlane, content: Content, tmp_path: Path
) -> None:
    content.namespace("shop-eu")
    content.service("shop-eu", "web", "NodePort")
    installed = command(
        "ansible-galaxy", "collection", "install", str(archive), "-p", str(tmp_path / "collections"), "--offline"
    )
    assert installed.returncode == 0, installed.stderr
    variables = {
        "baseline_connection": {"kubeconfig": str(accounts.kubeconfig(plane, "writer", tmp_path))},
        "baseline_services": {"namespaces": ["shop-*"]},
    }
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": {"prod-eu": None}}}), encoding="utf-8")

    def play(name: str, *flags: str) -> subprocess.CompletedProcess[str]:
        return command("ansible-playbook", "-i", str(inventory), f"netguard.calico.{name}", *flags)

    assert "is missing" in play("audit").stdout
    planned = play("bootstrap", "--check", "--diff")
    assert (planned.returncode, content.policies()) == (0, {}), planned.stdout
    for name in ("bootstrap", "audit", "correct"):
        run = play(name)
        assert run.returncode == 0, run.stdout
    assert len(content.policies()) == 4
    assert play("rollback").returncode == 0
    assert content.policies() == {}


def test_the_archive_has_what_users_need_and_nothing_else(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        folders = {name.split("/")[0] for name in opened.getnames()}
    assert folders == {
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "FILES.json",
        "LICENSE",
        "MANIFEST.json",
        "README.md",
        "changelogs",
        "docs",
        "meta",
        "playbooks",
        "plugins",
        "requirements.txt",
        "roles",
    }
