# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables each entry point of the role offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROLE = Path(__file__).resolve().parents[4] / "roles" / "baseline"


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


OFFERED = {name: spec["options"] for name, spec in read("meta/argument_specs.yml")["argument_specs"].items()}


def test_each_entry_point_is_described() -> None:
    # The other files of tasks are parts of these.
    assert set(OFFERED) == {"main", "audit", "correct", "rollback"}
    assert all((ROLE / "tasks" / f"{name}.yml").is_file() for name in OFFERED)


def test_only_main_offers_a_state_since_only_main_reads_it() -> None:
    assert [name for name, options in OFFERED.items() if "baseline_state" in options] == ["main"]


def test_every_variable_has_the_default_that_is_described() -> None:
    assert {name: option["default"] for name, option in OFFERED["main"].items()} == read("defaults/main.yml")
    for options in OFFERED.values():
        assert {**options, "baseline_state": OFFERED["main"]["baseline_state"]} == OFFERED["main"]
