# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tests that depend on Ansible or the libraries at both ends of what is supported, and says why not elsewhere.

``python tests/versions.py [ends|all]``: ``all`` runs what lies between the ends too, where its Python is there. The locks say
which versions a row has; ``make`` makes the environments and runs the checks in them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
OLDEST, NEWEST = "requirements-oldest.txt", "requirements-dev.txt"

Python = tuple[int, int]
Release = tuple[int, int]
PYTHONS: Sequence[Python] = [(3, minor) for minor in range(10, 15)]
# Each release of ansible-core that is supported, with the lowest and the highest Python of a controller:
# https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html#ansible-core-support-matrix
RELEASES: Mapping[Release, tuple[Python, Python]] = {
    (2, 16): ((3, 10), (3, 12)),
    (2, 17): ((3, 10), (3, 12)),
    (2, 18): ((3, 11), (3, 13)),
    (2, 19): ((3, 11), (3, 13)),
    (2, 20): ((3, 12), (3, 14)),
    (2, 21): ((3, 12), (3, 14)),
}

_CHECKS = {
    "unit": ("unit",),
    "sanity": ("sanity",),
    # Other CRDs, and Calico's API server, make another cluster, not another Ansible or client, and neither
    # makes a difference to what policy does; `make test` has them.
    "integration": (
        "INTEGRATION=tests/integration --backend native -m 'not calicos_crds and not any_versions'",
        "integration",
    ),
}
_COLUMNS = ("python", "ansible-core", "kubernetes", *_CHECKS)
# Answers where this is the wanted Python and can make environments.
_PROBE = "import ensurepip, sys, venv; print(sys.executable if sys.version_info[:2] == {} else '')"


@dataclass(frozen=True)
class Row:
    """Versions that belong together, of the lock that pins them. ``why_not`` says why it is not run, where it is not."""

    python: Python
    core: str
    client: str
    lock: str
    why_not: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a check of a row."""

    passed: bool
    seconds: float

    def __str__(self) -> str:
        return f"{'passed' if self.passed else 'FAILED'}, {self.seconds / 60:.1f} min"


Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True)
class Lock:
    """A file of pinned versions, some of them for certain Pythons only."""

    name: str
    text: str

    def row(self, python: Python) -> Row | None:
        """What this Python gets; None where it cannot run the ansible-core that it gets."""
        core = self._version("ansible-core", python)
        if _release(core) not in RELEASES:
            raise ValueError(f"{self.name} pins ansible-core {core}, of which RELEASES knows nothing")
        lowest, highest = RELEASES[_release(core)]
        runs = lowest <= python <= highest
        return Row(python, core, self._version("kubernetes", python), self.name) if runs else None

    def _version(self, package: str, python: Python) -> str:
        environment = {"python_version": _dotted(python), "python_full_version": f"{_dotted(python)}.0"}
        pins = (line.rstrip(" \\") for line in self.text.splitlines() if line.startswith(f"{package}=="))
        for pin in map(Requirement, pins):
            if pin.marker is None or pin.marker.evaluate(environment):
                return str(pin.specifier).removeprefix("==")
        raise ValueError(f"{self.name} pins no {package} for Python {_dotted(python)}")


def main(extent: str = "ends") -> int:
    programs = {python: program for python in PYTHONS if (program := _program(python))}
    locks = [Lock(name, (ROOT / name).read_text(encoding="utf-8")) for name in (OLDEST, NEWEST)]
    rows = plan(locks, set(programs), sys.version_info[:2], extent)
    outcomes = [(row, {} if row.why_not else _run(row, programs[row.python])) for row in rows]
    print("\n".join(table(outcomes)), flush=True)
    return status(outcomes)


def plan(locks: Sequence[Lock], present: set[Python], own: Python, extent: str) -> list[Row]:
    """All rows, the oldest first. ``own`` is the Python that runs `make test`, which has the newest lock."""
    rows = [row for lock in locks for python in PYTHONS if (row := lock.row(python))]
    ends = _ends(rows, present)
    judged = [replace(row, why_not=_why_not(row, present, own, extent == "all" or row in ends)) for row in rows]
    return sorted([*judged, *_unpinned(rows)], key=lambda row: (_release(row.core), row.python))


def table(outcomes: Iterable[tuple[Row, Outcomes]]) -> Iterator[str]:
    """The rows as lines, each with its outcomes or the reason why it was not run."""
    yield _line(_COLUMNS)
    for row, checks in outcomes:
        said = [f"not run: {row.why_not}"] if row.why_not else [str(checks[name]) for name in _CHECKS]
        yield _line((_dotted(row.python), row.core, row.client, *said))


def status(outcomes: Iterable[tuple[Row, Outcomes]]) -> int:
    """0 where something was run, and all of it passed."""
    passed = [outcome.passed for _row, checks in outcomes for outcome in checks.values()]
    return 0 if passed and all(passed) else 1


def _ends(rows: Iterable[Row], present: set[Python]) -> list[Row]:
    """The oldest lock on the lowest Python that is there, and the newest on the highest."""
    there = sorted((row for row in rows if row.python in present), key=lambda row: row.python)
    oldest = [row for row in there if row.lock == OLDEST]
    newest = [row for row in there if row.lock == NEWEST]
    return [*oldest[:1], *newest[-1:]]


def _unpinned(rows: Iterable[Row]) -> Iterator[Row]:
    """A row, with its lowest Python, for each release that no lock has."""
    pinned = {_release(row.core) for row in rows}
    for release, (lowest, _highest) in RELEASES.items():
        if release not in pinned:
            yield Row(lowest, _dotted(release), "-", "", "between the ends, and in no lock")


def _why_not(row: Row, present: set[Python], own: Python, wanted: bool) -> str:
    if row.python not in present:
        return "this Python is not there"
    if (row.python, row.lock) == (own, NEWEST):
        return "`make test` runs it"
    return "" if wanted else "between the ends"


def _run(row: Row, program: str) -> Outcomes:
    return {name: _checked(row, program, name) for name in _CHECKS}


def _checked(row: Row, program: str, check: str) -> Outcome:
    print(f"== versions: ansible-core {row.core}, kubernetes {row.client}, {program}", flush=True)
    start = time.monotonic()
    command = ["make", "--no-print-directory", f"PYTHON={program}", f"LOCK={row.lock}", *_CHECKS[check]]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return Outcome(code == 0, time.monotonic() - start)


def _program(python: Python) -> str | None:
    """The path of a Python of this version, where the machine has one that can make environments."""
    for candidate in _candidates(f"python{_dotted(python)}"):
        probe = [candidate, "-c", _PROBE.format(python)]
        found = subprocess.run(probe, capture_output=True, text=True, check=False).stdout.strip()
        if found:
            return found
    return None


def _candidates(name: str) -> Iterator[str]:
    yield from (path for path in (shutil.which(name), shutil.which("python3")) if path)
    # On PATH, pyenv's names answer only for the versions that are chosen; it knows the others too.
    if pyenv := shutil.which("pyenv"):
        known = subprocess.run([pyenv, "whence", "--path", name], capture_output=True, text=True, check=False)
        yield from known.stdout.splitlines()


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _release(version: str) -> Release:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _line(cells: Iterable[str]) -> str:
    return "  ".join(f"{cell:16}" for cell in cells).rstrip()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
