# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does with the built archive what those do who get it: Galaxy, which imports it, and builders of execution environments.

``python tests/publishing.py CACHE IMPORTER``: CACHE keeps downloaded packages, IMPORTER is the folder of the programs of
``requirements-importer.txt``. No image is built; that needs a container engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
# Settings of the machine that would change what the programs do or find.
_SETTINGS = ("ANSIBLE_", "GALAXY_IMPORTER_", "K8S_AUTH_", "KUBECONFIG", "PYTHONPATH", "VIRTUAL_ENV", "XDG_")
# Needs every library of requirements.txt to get as far as nobody answering; the port is never one of an API server.
_ARGUMENTS = """{"host": "https://127.0.0.1:1", "api_key": "none", "checks": [{"id": "any", "query": "`true`"}]}"""

Run = subprocess.CompletedProcess[str]


def main(cache: Path, importer: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="netguard-publishing-") as directory:
        folder = Path(directory)
        archive = _build(folder)
        collections = _install(archive, folder)
        found = [
            *_importing(archive, importer, folder),
            *_creating(collections, folder),
            *_introspecting(collections, folder),
            *_loading(collections, folder, cache),
        ]
    print("\n".join(found or ["The archive can be imported, and put into an execution environment."]))
    return 1 if found else 0


def _build(folder: Path) -> Path:
    command = [PROGRAMS / "ansible-galaxy", "collection", "build", "--output-path", folder]
    _must(_run(command, ROOT, _environment(folder)))
    (archive,) = folder.glob("netguard-calico-*.tar.gz")
    return archive


def _install(archive: Path, folder: Path) -> Path:
    """The folder of collections in which the archive is the only one."""
    target = folder / "collections"
    command = [PROGRAMS / "ansible-galaxy", "collection", "install", archive, "--offline", "-p", target]
    _must(_run(command, folder, _environment(folder)))
    return target


def _importing(archive: Path, importer: Path, folder: Path) -> Iterator[str]:
    """What Galaxy says when it imports the archive. Its exit status is 0 in spite of warnings."""
    # It calls ansible-doc and ansible-lint, which must be its own.
    environment = _environment(folder, importer) | {
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "1",
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(folder / "local"),
    }
    run = _run([importer / "python", "-m", "galaxy_importer.main", archive.name], folder, environment)
    lines = (run.stdout + run.stderr).splitlines()
    findings = [line for line in lines if "WARNING" in line or "ERROR" in line]
    if not findings and (run.returncode or "Importer processing completed successfully" not in lines):
        findings = lines
    yield from (f"galaxy-importer: {line}" for line in findings)


def _creating(collections: Path, folder: Path) -> Iterator[str]:
    """What ``ansible-builder create`` says to the collection's own definition, where its paths are right: at its root."""
    root = collections / "ansible_collections" / "netguard" / "calico"
    own = yaml.safe_load((root / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    # The image is the user's choice; a definition that names none is warned about.
    definition = {**own, "images": {"base_image": {"name": "base:latest"}}}
    file = root / "execution-environment.yml"
    file.write_text(yaml.safe_dump(definition), encoding="utf-8")
    command = [PROGRAMS / "ansible-builder", "create", "-f", file, "-c", folder / "context"]
    run = _run([*command, "--output-filename", "Containerfile"], root, _environment(folder))
    file.unlink()
    lines = (run.stdout + run.stderr).splitlines()
    if run.returncode or any(line and not line.startswith("Complete!") for line in lines):
        yield from (f"ansible-builder create: {line}" for line in lines)


def _introspecting(collections: Path, folder: Path) -> Iterator[str]:
    """What ``ansible-builder introspect`` finds wrong; leaves the Python packages that it names in ``python.txt``."""
    command = [PROGRAMS / "ansible-builder", "introspect", collections]
    files = ["--write-pip", folder / "python.txt", "--write-bindep", folder / "system.txt"]
    run = _run([*command, *files], folder, _environment(folder))
    if run.returncode or run.stderr:
        yield from (f"ansible-builder introspect: {line}" for line in (run.stdout + run.stderr).splitlines())
    if (folder / "system.txt").exists():
        yield "ansible-builder introspect: the collection asks for packages of the operating system, and needs none"


def _loading(collections: Path, folder: Path, cache: Path) -> Iterator[str]:
    """What a module says where nothing is installed but Ansible, as in every execution environment, and ``python.txt``."""
    fresh = folder / "fresh"
    required = folder / "python.txt"
    required.touch()
    # Versions and hashes are those of the lock. Settings of the user say where packages come from.
    uv, downloads = str(PROGRAMS / "uv"), {**os.environ, "UV_CACHE_DIR": str(cache / "uv")}
    _must(_run([uv, "venv", "--quiet", "--python", sys.executable, fresh], folder, downloads))
    install = [uv, "pip", "install", "--quiet", "--python", fresh, "--constraint", ROOT / "requirements-dev.txt"]
    _must(_run([*install, "ansible-core", "--requirement", required], folder, downloads))
    environment = _environment(folder, fresh / "bin") | {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    module = ["localhost", "--module-name", "netguard.calico.baseline_info", "--args", _ARGUMENTS]
    run = _run([fresh / "bin" / "ansible", *module], folder, environment)
    if '"code": "unreachable"' not in run.stdout:
        yield from (f"baseline_info: {line}" for line in (run.stdout + run.stderr).splitlines())


def _environment(home: Path, programs: Path = PROGRAMS) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**kept, "HOME": str(home), "PATH": f"{programs}{os.pathsep}{kept['PATH']}", "ANSIBLE_NOCOLOR": "1"}


def _run(command: list[str | Path], folder: Path, environment: Mapping[str, str]) -> Run:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _must(run: Run) -> None:
    """Ends the checks where something on which the rest depends failed."""
    if run.returncode:
        sys.exit(f"{' '.join(run.args)}\n{run.stdout}{run.stderr}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
