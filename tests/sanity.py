# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``ansible-test sanity`` on a copy of the collection at the path that it wants, without ignore files.

``python tests/sanity.py CACHE``: CACHE keeps what ansible-test installs for its tests, so that a second run is faster.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Without --venv too, ansible-test makes virtual environments for those of its tests that have requirements, and downloads
# pip's installer from the network for them; Python has one with it.
_GET_PIP = """\
import ensurepip, os, runpy, sys
environment = dict(os.environ)
ensurepip.bootstrap()
# ensurepip turns pip's configuration off for the whole process.
os.environ.clear()
os.environ.update(environment)
sys.argv = ["pip", "install", *(a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__")
"""


def main(cache: Path) -> int:
    home = cache / "ansible-test"
    _offer_pip(home / ".ansible" / "test" / "cache")
    with tempfile.TemporaryDirectory(prefix="netguard-sanity-") as directory:
        collection = Path(directory, "ansible_collections", "netguard", "calico")
        _copy(collection)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        command = [str(Path(sys.executable).parent / "ansible-test"), "sanity", "--color", "no", "--python", version]
        return subprocess.run(command, cwd=collection, env=_environment(home), check=False).returncode


def _offer_pip(folder: Path) -> None:
    """Puts the stand-in where ansible-test keeps pip's installer, under each name that its version asks for."""
    spec = find_spec("ansible_test")
    assert spec is not None and spec.submodule_search_locations
    source = Path(spec.submodule_search_locations[0], "_internal", "python_requirements.py").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"""pip=['"]([\d.]+)['"]""", source):
        (folder / f"get_pip_{version.replace('.', '_')}.py").write_text(_GET_PIP, encoding="utf-8")


def _copy(collection: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in names:
        source, target = ROOT / name, collection / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def _environment(home: Path) -> dict[str, str]:
    unset = {"PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
