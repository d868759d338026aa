# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source addresses are predicted as they were measured; and the command that says so can say that they are not."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "vectors" / "source-addresses.json.gz"
Change = Callable[[dict[str, Any]], object]


def compared(file: Path, working_directory: Path) -> tuple[int, list[str]]:
    """The exit status and the lines of the command, run as people run it: without Ansible and anywhere."""
    command = [sys.executable, "-S", str(HERE / "source_addresses.py"), str(file)]
    answer = subprocess.run(command, cwd=working_directory, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    return answer.returncode, answer.stdout.splitlines()


def changed(directory: Path, change: Change) -> Path:
    """The measured file after this change to it, not packed."""
    content = json.loads(gzip.decompress(MEASURED.read_bytes()))
    change(content)
    file = directory / "measured.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_every_row_is_predicted(tmp_path: Path) -> None:
    assert compared(MEASURED, tmp_path) == (
        0,
        [
            "iptables-cluster-cidr: rows 80 of 80",
            "nftables-interface-prefix: rows 80 of 80",
            "iptables-nat-outgoing-off: rows 80 of 80",
        ],
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["labs"][1]["rows"][0]["seen"][0].update(process_sees="pod web2"),
        lambda content: content["labs"][1]["rows"][0]["seen"][0].update(ingress_policy_sees=[]),
        lambda content: content["labs"][1]["rows"][0]["seen"][0].update(egress_policy_sees=["node n1"]),
        lambda content: content["labs"][1]["rows"][1]["seen"].pop(),
        lambda content: content["labs"][1]["rows"][0].update(client="nobody"),
    ],
)
def test_a_row_that_differs_is_said(tmp_path: Path, change: Change) -> None:
    status, lines = compared(changed(tmp_path, change), tmp_path)
    assert status == 1
    assert lines[1] == "nftables-interface-prefix: rows 79 of 80"
    assert lines[2].startswith("  Cluster, ")


@pytest.mark.parametrize(
    "change", [lambda content: content["labs"].clear(), lambda content: content["labs"][0]["rows"].clear()]
)
def test_nothing_compared_is_no_agreement(tmp_path: Path, change: Change) -> None:
    assert compared(changed(tmp_path, change), tmp_path)[0] == 1


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "measured.json"
    file.write_text(text, encoding="utf-8")
    status, lines = compared(file, tmp_path)
    assert status == 2
    assert "cannot be read: " in lines[0]
