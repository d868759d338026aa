# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts answer as Calico does; and the command that says so can say that they do not."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
VECTORS = HERE / "vectors"
SELECTOR = {"selector": "has(a)", "valid": True, "labels": [{"a": "b"}, {}], "match": [True, False]}
MANIFEST: dict[str, Any] = {
    "name": "a tier",
    "manifest": {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "a"}, "spec": {}},
    "calico": {"valid": True},
    "crd": {"accepted": True},
    "must": "accept",
}


def checked(directory: Path, working_directory: Path) -> tuple[int, list[str]]:
    """The exit status and the lines of the command, run as people run it: without Ansible and anywhere."""
    command = [sys.executable, "-S", str(HERE / "check.py"), str(directory)]
    answer = subprocess.run(command, cwd=working_directory, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    return answer.returncode, answer.stdout.splitlines()


def written(directory: Path, selector: dict[str, Any], manifest: dict[str, Any]) -> Path:
    """A folder with one vector of each kind: these two, and the first ones of the other kinds."""
    for packed in VECTORS.glob("*.jsonl.gz"):
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            (directory / packed.stem).write_text(next(lines), encoding="utf-8")
    (directory / "selectors.jsonl").write_text(f"{json.dumps(selector)}\n\n", encoding="utf-8")
    (directory / "manifests.json.gz").write_bytes(gzip.compress(json.dumps([manifest]).encode()))
    return directory


def test_everything_is_answered_as_calico_does(tmp_path: Path) -> None:
    status, lines = checked(VECTORS, tmp_path)
    assert (status, lines[:2]) == (0, ["selectors 824 of 824", "manifests 75 of 75"])


def test_files_may_be_packed_or_not(tmp_path: Path) -> None:
    assert checked(written(tmp_path, SELECTOR, MANIFEST), HERE)[0] == 0


@pytest.mark.parametrize(
    "other",
    [{"valid": False}, {"canonical": "all()"}, {"uid": "s:x"}, {"match": [True, True]}, {"labels": [{}, {"a": "b"}]}],
)
def test_another_answer_to_a_selector_is_a_difference(tmp_path: Path, other: dict[str, Any]) -> None:
    status, lines = checked(written(tmp_path, {**SELECTOR, **other}, MANIFEST), tmp_path)
    assert status == 1
    assert lines[0] == "selectors 0 of 1"
    assert "'has(a)': " in lines[1]


def test_another_answer_to_a_manifest_is_a_difference(tmp_path: Path) -> None:
    status, lines = checked(written(tmp_path, SELECTOR, {**MANIFEST, "must": "refuse"}), tmp_path)
    assert status == 1
    assert lines[1:3] == [
        "manifests 0 of 1",
        "  a tier: must be refused, faults are [], Calico and the server said [None, None]",
    ]
    assert lines[0] == "selectors 1 of 1"


def test_what_is_no_vector_is_a_difference_too(tmp_path: Path) -> None:
    status, lines = checked(written(tmp_path, {"valid": True}, MANIFEST), tmp_path)
    assert (status, lines[0]) == (1, "selectors 0 of 1")


def test_only_the_first_differences_are_shown_and_shortened(tmp_path: Path) -> None:
    folder = written(tmp_path, SELECTOR, MANIFEST)
    line = json.dumps({**SELECTOR, "selector": f"has({'a' * 300})", "valid": False})
    (folder / "selectors.jsonl").write_text(f"{line}\n" * 12, encoding="utf-8")
    _status, lines = checked(folder, tmp_path)
    assert (lines[0], lines[11]) == ("selectors 0 of 12", "manifests 1 of 1")
    assert max(map(len, lines)) <= 202


@pytest.mark.parametrize("missing", ["selectors.jsonl", "manifests.json.gz"])
def test_a_file_that_is_missing_is_an_error(tmp_path: Path, missing: str) -> None:
    (written(tmp_path, SELECTOR, MANIFEST) / missing).unlink()
    status, lines = checked(tmp_path, tmp_path)
    assert status == 2
    assert any("cannot be read: neither" in line for line in lines)


@pytest.mark.parametrize("vectors", sorted(VECTORS.glob("*.gz")), ids=lambda path: path.name)
def test_packed_files_tell_neither_time_nor_name(vectors: Path) -> None:
    header = vectors.read_bytes()[:10]
    assert (header[3], header[4:8]) == (0, bytes(4))
