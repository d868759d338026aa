# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzzer runs, on a seed of its own, and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).with_name("fuzz.py")


def fuzzed(script: Path, seconds: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(script), seconds, "1"], capture_output=True, text=True, check=False)


def test_damaged_input_neither_crashes_nor_hangs() -> None:
    run = fuzzed(FUZZ, "3")
    assert run.returncode == 0, run.stderr
    assert "with the seed 1" in run.stdout
    assert "no crash and no hang" in run.stdout


def test_a_crash_is_told_with_its_input(tmp_path: Path) -> None:
    script = tmp_path / "tests" / "fuzz" / "fuzz.py"
    script.parent.mkdir(parents=True)
    source = FUZZ.read_text(encoding="utf-8").replace(
        "ROOT = Path(__file__).resolve().parents[2]", f"ROOT = Path({str(FUZZ.parents[2])!r})"
    )
    script.write_text(source.replace("found = parse(text)", "found = parse(text[len(text) + 5])"), encoding="utf-8")
    run = fuzzed(script, "3")
    assert run.returncode == 1
    assert "_read crashed on" in run.stderr
    assert "seed 1, input 0" in run.stderr
