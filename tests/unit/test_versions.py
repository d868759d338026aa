# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions are run, which are not and why; nothing is run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from versions import NEWEST, OLDEST, PYTHONS, RELEASES, ROOT, Lock, Outcome, Outcomes, Row, plan, status, table

LOCKS = [
    Lock(OLDEST, "ansible-core==2.16.19 \\\n    --hash=sha256:00\nkubernetes==31.0.0 \\\n"),
    Lock(
        NEWEST,
        "ansible-core==2.19.14 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n"
        "ansible-core==2.21.5 ; python_full_version >= '3.12' \\\nkubernetes==37.0.2 \\\n",
    ),
]
PASSED, FAILED = Outcome(True, 90), Outcome(False, 90)


def planned(*present: int, own: int = 11, extent: str = "ends") -> dict[tuple[int, str], str]:
    """Why not, by Python and ansible-core."""
    rows = plan(LOCKS, {(3, minor) for minor in present}, (3, own), extent)
    return {(row.python[1], row.core): row.why_not for row in rows}


def run(*present: int, own: int = 11, extent: str = "ends") -> list[tuple[int, str]]:
    return [row for row, why_not in planned(*present, own=own, extent=extent).items() if not why_not]


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((10, 11, 12, 13, 14), [(10, "2.16.19"), (14, "2.21.5")]),
        ((11, 13), [(11, "2.16.19"), (13, "2.21.5")]),
        ((11,), [(11, "2.16.19")]),
        ((13,), [(13, "2.21.5")]),
        ((), []),
    ],
)
def test_the_ends_are_run(present: tuple[int, ...], expected: list[tuple[int, str]]) -> None:
    assert run(*present) == expected


def test_all_that_the_pythons_allow_are_run_where_it_is_asked_for() -> None:
    expected = [(10, "2.16.19"), (11, "2.16.19"), (12, "2.16.19"), (12, "2.21.5"), (13, "2.21.5")]
    assert run(10, 11, 12, 13, extent="all") == expected


def test_what_is_not_run_has_its_reason() -> None:
    rows = planned(11, 12, 13)
    assert rows[10, "2.16.19"] == rows[14, "2.21.5"] == "this Python is not there"
    assert rows[12, "2.16.19"] == rows[12, "2.21.5"] == "between the ends"
    assert rows[11, "2.19.14"] == "`make test` runs it"
    assert rows[10, "2.17"] == rows[11, "2.18"] == rows[12, "2.20"] == "between the ends, and in no lock"


def test_a_python_that_cannot_run_what_its_lock_has_is_no_row() -> None:
    assert (13, "2.16.19") not in planned(13) and (10, "2.19.14") not in planned(10)


def test_a_release_of_which_nothing_is_known_ends_the_run() -> None:
    with pytest.raises(ValueError, match=r"requirements-dev.txt pins ansible-core 2\.99\.0"):
        Lock(NEWEST, "ansible-core==2.99.0\nkubernetes==37.0.2\n").row((3, 14))


def test_a_lock_that_does_not_pin_for_a_python_ends_the_run() -> None:
    with pytest.raises(ValueError, match=r"pins no kubernetes for Python 3\.12"):
        Lock(NEWEST, "ansible-core==2.21.5\nkubernetes==37.0.2 ; python_version < '3.12'\n").row((3, 12))


ROW = Row((3, 10), "2.16.19", "31.0.0", OLDEST)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([{"sanity": PASSED, "integration": PASSED}], 0),
        ([{"sanity": PASSED, "integration": FAILED}], 1),
        ([{"sanity": FAILED, "integration": PASSED}, {"sanity": PASSED, "integration": PASSED}], 1),
        ([{}, {"sanity": PASSED, "integration": PASSED}], 0),
        ([{}], 1),
        ([], 1),
    ],
)
def test_only_what_was_run_passes(checks: list[Outcomes], expected: int) -> None:
    assert status((ROW, outcome) for outcome in checks) == expected


def test_the_table_has_a_line_for_each_row() -> None:
    checks = {"unit": PASSED, "sanity": PASSED, "integration": FAILED}
    lines = list(table([(ROW, checks), (Row((3, 14), "2.21.5", "-", "", "why"), {})]))
    assert [line.split() for line in lines] == [
        ["python", "ansible-core", "kubernetes", "unit", "sanity", "integration"],
        ["3.10", "2.16.19", "31.0.0", "passed,", "1.5", "min", "passed,", "1.5", "min", "FAILED,", "1.5", "min"],
        ["3.14", "2.21.5", "-", "not", "run:", "why"],
    ]


def test_the_locks_have_both_ends_of_what_is_supported() -> None:
    oldest, newest = (Lock(name, Path(ROOT, name).read_text(encoding="utf-8")) for name in (OLDEST, NEWEST))
    lowest, highest = oldest.row(PYTHONS[0]), newest.row(PYTHONS[-1])
    assert lowest is not None and highest is not None
    assert lowest.core.startswith("2.16.") and lowest.client == "31.0.0"
    assert highest.core.startswith(".".join(map(str, max(RELEASES))))
    assert highest.client.startswith("37.")
