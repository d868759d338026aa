# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file says whose it is and under which licence; every module says it in the words that Ansible wants besides."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Formats without comments, the licence itself, and what tools write.
WITHOUT = {
    "LICENSE",
    "LICENSES/GPL-3.0-or-later.txt",
    "CHANGELOG.md",
    "changelogs/changelog.yaml",
    "tests/cluster/go/go.sum",
}
SPDX = (
    "SPDX-" + "FileCopyrightText: 2026 the netguard.calico contributors",
    "SPDX-" + "License-Identifier: GPL-3.0-or-later",
)


def files() -> list[str]:
    """Everything that belongs to the project; without git, as in an unpacked archive, nothing can be listed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    unmarked = (".json", "__init__.py")
    return [name for name in listed.stdout.splitlines() if name not in WITHOUT and not name.endswith(unmarked)]


def test_there_are_files() -> None:
    assert "galaxy.yml" in files()


@pytest.mark.parametrize("name", files())
def test_header(name: str) -> None:
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{name} is deleted in this checkout and still in the index")
    # What is packed has its header in a file beside it, as REUSE wants.
    text = path.with_name(f"{path.name}.license") if path.suffix == ".gz" else path
    head = text.read_text(encoding="utf-8")[:600]
    assert [line for line in SPDX if line not in head] == []


@pytest.mark.parametrize("package", sorted((ROOT / "plugins").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_says_nothing_of_itself(package: Path) -> None:
    """``ansible-test`` of ansible-core 2.16 wants these files empty; what is empty needs no header."""
    assert package.read_bytes() == b""


@pytest.mark.parametrize("module", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.name)
def test_modules_carry_the_line_that_validate_modules_wants(module: Path) -> None:
    assert "GNU General Public License v3.0+" in module.read_text(encoding="utf-8")[:600]
