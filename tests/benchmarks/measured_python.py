# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python in another process, and what that took: ``python measured_python.py OUTPUT PYTHON ARGUMENTS...``

OUTPUT gets a JSON object: ``bytes`` that were printed, and ``peak_mb``, the most memory that the process ever held.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path


def main(output: str, command: list[str]) -> int:
    """The exit code of the command, whose standard output is passed on."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    # Linux counts KiB, and what the process held before it became the command: this one is far smaller than a module.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    Path(output).write_text(json.dumps({"bytes": len(done.stdout), "peak_mb": peak}), encoding="utf-8")
    sys.stdout.buffer.write(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
