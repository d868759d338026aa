# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the pure parts with what Calico itself answered.

``python3 check.py DIR`` reads the vector files in DIR, each as it is or with ``.gz``, and prints a line for each kind. The exit
status is 0 where all of them agree, 1 where an answer differs, 2 where a file cannot be read.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# Python put this folder itself first, in which some modules have names of the standard library.
sys.path[:] = [p for p in sys.path if Path(p).resolve() != HERE]
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "plugins" / "module_utils")]

from conformance import manifests, selectors, verdicts  # noqa: E402

# One vector to what differs in it: for each of its questions a text, empty where the answer is Calico's.
Compare = Callable[[Any], Sequence[str]]

KINDS: Mapping[str, tuple[str, Compare]] = {
    "selectors": ("selectors.jsonl", selectors.compare),
    "manifests": ("manifests.json", manifests.compare),
    "verdicts": ("verdicts.jsonl", verdicts.compare),
}
SHOWN, WIDTH = 10, 200


def main(directory: Path) -> int:
    status = 0
    for kind, (file, compare) in KINDS.items():
        try:
            answers = [answer for vector in vectors(directory / file) for answer in compared(compare, vector)]
        except (OSError, EOFError, ValueError) as error:
            print(f"{kind} cannot be read: {error}")
            status = 2
            continue
        different = [answer for answer in answers if answer]
        print(f"{kind} {len(answers) - len(different)} of {len(answers)}")
        for answer in islice(different, SHOWN):
            print(f"  {shortened(answer)}")
        status = max(status, 1 if different or not answers else 0)
    return status


def vectors(file: Path) -> Iterator[Any]:
    """The vectors of a file with one on each line, or with a list of them."""
    packed = file.with_name(f"{file.name}.gz")
    if not file.exists() and not packed.exists():
        raise FileNotFoundError(f"neither {file} nor {packed} is there")
    with open(file, "rb") if file.exists() else gzip.open(packed, "rb") as content:
        if file.suffix == ".json":
            yield from json.load(content)
        else:
            yield from (json.loads(line) for line in content if line.strip())


def compared(compare: Compare, vector: Any) -> Sequence[str]:
    """What differs; an error of the compared code is a difference, and does not hide those after it."""
    try:
        return compare(vector)
    except Exception as error:
        return [f"{type(error).__name__}: {error} for {json.dumps(vector)}"]


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..."


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIR")
    sys.exit(main(Path(sys.argv[1])))
