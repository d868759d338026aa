# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds damaged selectors and manifests to everything that reads them, for a while: nothing may crash or hang.

``python3 fuzz.py SECONDS [SEED]``. The seed is printed, with it a run can be repeated; an input that does harm is printed too.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugins" / "module_utils"))

from _calico.canonical import canonical_spec  # noqa: E402
from _calico.policy_warnings import warnings  # noqa: E402
from _calico.selector import parse  # noqa: E402
from _calico.selector_tokens import InvalidSelector  # noqa: E402
from _calico.snapshot import snapshot  # noqa: E402
from _calico.table import DecisionTable  # noqa: E402
from _calico.traffic import Traffic  # noqa: E402
from _calico.validation import faults  # noqa: E402

VECTORS = ROOT / "tests" / "conformance" / "vectors"
# A single input that takes longer counts as a hang.
PATIENCE = 1.0
PIECES = (
    "(",
    ")",
    "!",
    "&&",
    "||",
    "{",
    "}",
    ",",
    "'",
    '"',
    "==",
    " in ",
    " not in ",
    "has(",
    "all()",
    "global()",
    "é",
    "\n",
    "\0",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    70_000,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "x",
    "10.0.0.0/33",
    [],
    {},
    [[]],
    {"a": {}},
)


def main(seconds: float, seed: int) -> int:
    chance = random.Random(seed)
    selectors, manifests, clusters = _corpus()
    print(f"fuzzing for {seconds:g} s with the seed {seed}", flush=True)
    deadline, done = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        text = _damaged_text(chance.choice(selectors), chance)
        damaged = [_damaged(copy.deepcopy(chance.choice(manifests)), chance) for _again in range(3)]
        cluster = copy.deepcopy(chance.choice(clusters))
        for at in chance.sample(range(len(cluster)), 2):
            cluster[at] = _damaged(cluster[at], chance)
        for work, given in ((_read, text), (_validated, damaged), (_evaluated, cluster)):
            if not _survived(work, given):
                print(f"seed {seed}, input {done}", file=sys.stderr)
                return 1
        done += 1
    print(f"{done} selectors and {3 * done} manifests, no crash and no hang")
    return 0 if done else 1


def _survived(work: Callable[[Any], object], given: Any) -> bool:
    began = time.monotonic()
    try:
        work(given)
    except Exception:
        traceback.print_exc()
        print(f"{work.__name__} crashed on {given!r}", file=sys.stderr)
        return False
    taken = time.monotonic() - began
    if taken > PATIENCE:
        print(f"{work.__name__} took {taken:.1f} s for {given!r}", file=sys.stderr)
        return False
    return True


def _read(text: str) -> None:
    try:
        found = parse(text)
    except InvalidSelector:
        return
    found.matches({"a": "b"})
    # Two negations collapse where a normal form is read again, so that it is compared from the second time on.
    again = str(parse(str(found)))
    assert str(parse(again)) == again, f"{again} is no normal form"


def _validated(manifests: list[Any]) -> None:
    for manifest in manifests:
        for fault in faults(manifest):
            str(fault)
        if isinstance(manifest, dict) and isinstance(manifest.get("spec"), dict):
            canonical_spec(manifest["spec"])
    for warning in warnings(manifests):
        str(warning)


def _evaluated(manifests: list[Any]) -> None:
    """What lives in a cluster may have any shape, and is evaluated all the same."""
    objects = [manifest for manifest in manifests if isinstance(manifest, dict)]
    table = DecisionTable(snapshot(objects, {}, {}))
    points = table.space.points[:4]
    for source in points:
        for destination in points:
            if source.version == destination.version:
                fast = table.verdict(source, destination, Traffic(6, 80, 40_000))
                assert fast.outcome == table.walked(source, destination, Traffic(6, 80, 40_000)).outcome


def _damaged_text(text: str, chance: random.Random) -> str:
    for _again in range(chance.randrange(4)):
        at = chance.randrange(len(text) + 1)
        text = chance.choice(
            (
                text[:at] + chance.choice(PIECES) + text[at:],
                text[:at] + text[at + chance.randrange(1, 4) :],
                text[:at] + text[at:] * chance.randrange(1, 3),
            )
        )
    return text


def _damaged(value: Any, chance: random.Random) -> Any:
    """The value with something changed somewhere inside."""
    if chance.random() < 0.1 or not value or not isinstance(value, (dict, list)):
        return (
            _damaged_text(value, chance) if isinstance(value, str) and chance.random() < 0.5 else chance.choice(VALUES)
        )
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if chance.random() < 0.1:
        del value[key]
    else:
        value[key] = _damaged(value[key], chance)
    return value


def _corpus() -> tuple[list[str], list[Any], list[list[Any]]]:
    """Selectors, objects and small clusters of the vectors to begin from."""
    with gzip.open(VECTORS / "selectors.jsonl.gz") as lines:
        selectors = [json.loads(line)["selector"] for line in lines]
    with gzip.open(VECTORS / "manifests.json.gz") as content:
        manifests = [vector["manifest"] for vector in json.load(content)]
    with gzip.open(VECTORS / "verdicts.jsonl.gz") as lines:
        clusters = [json.loads(line)["resources"] for line in lines]
    manifests += [item for cluster in clusters[:40] for item in cluster]
    return selectors, manifests, clusters


if __name__ == "__main__":
    sys.exit(
        main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32))
    )
