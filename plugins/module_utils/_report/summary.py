# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in a few lines that a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .gaps import Gap
from .judgement import COMPLIANT, NOT_COMPLIANT, NOT_JUDGED, Judgement

FINDINGS_SHOWN = 20

_VERDICTS = {
    COMPLIANT: "compliant",
    NOT_COMPLIANT: "NOT compliant",
    NOT_JUDGED: "not judged: neither policies nor Services nor checks were asked for",
}


def summary(
    server: str, judgement: Judgement, counts: Mapping[str, Mapping[str, int]], gaps: Sequence[Gap]
) -> list[str]:
    """The verdict first, then the counts per part, the findings and the gaps, one line each."""
    lines = [f"{server}: {_VERDICTS.get(judgement.status, 'unknown, since not all could be read')}"]
    lines += [f"{part}: {_counted(counted)}" for part, counted in counts.items()]
    findings = [f"- {finding.message}" for finding in judgement.findings]
    lines += findings[:FINDINGS_SHOWN]
    if len(findings) > FINDINGS_SHOWN:
        lines.append(f"- and {len(findings) - FINDINGS_SHOWN} more findings")
    lines += [f"gap: {gap.message}" for gap in gaps]
    return lines


def _counted(counts: Mapping[str, int]) -> str:
    named = [f"{number} {status}" for status, number in counts.items() if status != "total" and number]
    return f"{counts.get('total', 0)}" + (f" ({', '.join(named)})" if named else "")
