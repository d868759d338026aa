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
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from control_plane import start, stop  # noqa: E402

PROGRAMS = Path(sys.executable).parent
# Settings of the machine that would change what the programs do or find.
_SETTINGS = ("ANSIBLE_", "GALAXY_IMPORTER_", "K8S_AUTH_", "KUBECONFIG", "PYTHONPATH", "VIRTUAL_ENV", "XDG_")
# Makes the audit need every library of requirements.txt.
_CHECKS = [{"id": "any", "query": "`true`"}]
# ansible-playbook's status where a task has failed, as that of an audit of a cluster without a baseline does.
_AN_AUDIT_FAILS = 2

_UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}

Run = subprocess.CompletedProcess[str]


def main(cache: Path, importer: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="netguard-publishing-") as directory:
        folder = Path(directory)
        archive = _build(folder)
        collections = _install(archive, folder)
        findings = chain(
            _importing(archive, importer, folder),
            _creating(collections, folder),
            _introspecting(collections, folder),
            _auditing(collections, folder, cache),
        )
        return _reported(findings)


def _reported(findings: Iterable[str]) -> int:
    """Prints each finding at once, since a later check may end the program; 1 where there was one."""
    found = 0
    for finding in findings:
        found = 1
        print(finding, flush=True)
    return found


def _build(folder: Path) -> Path:
    _must(_run(_environment(folder), ROOT, PROGRAMS / "ansible-galaxy", "collection", "build", "--output-path", folder))
    (archive,) = folder.glob("netguard-calico-*.tar.gz")
    return archive


def _install(archive: Path, folder: Path) -> Path:
    """The folder of collections in which the archive is the only one."""
    target = folder / "collections"
    words = ("collection", "install", archive, "--offline", "-p", target)
    _must(_run(_environment(folder), folder, PROGRAMS / "ansible-galaxy", *words))
    return target


def _importing(archive: Path, importer: Path, folder: Path) -> Iterator[str]:
    """What Galaxy says when it imports the archive. Its exit status is 0 in spite of warnings."""
    # It calls ansible-doc and ansible-lint, which must be its own.
    environment = _environment(folder, importer) | {
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "1",
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(folder / "local"),
    }
    run = _run(environment, folder, importer / "python", "-m", "galaxy_importer.main", archive.name)
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
    words = ("create", "-f", file, "-c", folder / "context", "--output-filename", "Containerfile")
    run = _run(_environment(folder), root, PROGRAMS / "ansible-builder", *words)
    file.unlink()
    lines = (run.stdout + run.stderr).splitlines()
    if run.returncode or any(line and not line.startswith("Complete!") for line in lines):
        yield from (f"ansible-builder create: {line}" for line in lines)


def _introspecting(collections: Path, folder: Path) -> Iterator[str]:
    """What ``ansible-builder introspect`` finds wrong; leaves the Python packages that it names in ``python.txt``."""
    words = ("introspect", collections, "--write-pip", folder / "python.txt", "--write-bindep", folder / "system.txt")
    run = _run(_environment(folder), folder, PROGRAMS / "ansible-builder", *words)
    if run.returncode or run.stderr:
        yield from (f"ansible-builder introspect: {line}" for line in (run.stdout + run.stderr).splitlines())
    if (folder / "system.txt").exists():
        yield "ansible-builder introspect: the collection asks for packages of the operating system, and needs none"


def _auditing(collections: Path, folder: Path, cache: Path) -> Iterator[str]:
    """What an audit says where nothing is installed but Ansible, as in every execution environment, and ``python.txt``."""
    programs = _fresh(folder, cache)
    environment = _environment(folder, programs) | {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    plane = start(folder / "plane")
    try:
        hosts = {"fresh": {"baseline_connection": {"kubeconfig": str(plane.kubeconfig)}, "baseline_checks": _CHECKS}}
        inventory = folder / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        run = _run(environment, folder, programs / "ansible-playbook", "-i", inventory, "netguard.calico.audit")
    finally:
        stop(plane.directory)
    if run.returncode != _AN_AUDIT_FAILS or "global-default is missing" not in run.stdout:
        yield from (f"netguard.calico.audit: {line}" for line in (run.stdout + run.stderr).splitlines())


def _fresh(folder: Path, cache: Path) -> Path:
    """The programs of an environment that is made for this run, with the lock's versions and hashes."""
    fresh, required = folder / "fresh", folder / "python.txt"
    required.touch()
    environment = {**_sources(), **os.environ, "UV_CACHE_DIR": str(cache / "uv")}
    _must(_run(environment, folder, PROGRAMS / "uv", "venv", "--python", sys.executable, fresh))
    words = ("--python", fresh, "--constraint", ROOT / "requirements-dev.txt", "--requirement", required)
    _must(_run(environment, folder, PROGRAMS / "uv", "pip", "install", "ansible-core", *words))
    return fresh / "bin"


def _sources() -> dict[str, str]:
    """Where pip is told that packages come from, by its files or the environment, as settings of uv."""
    listed = _run(os.environ, ROOT, PROGRAMS / "python", "-m", "pip", "config", "list").stdout
    # Lines such as global.index-url='https://...', and :env:.index-url for the environment, which come last.
    settings = [line.partition("=") for line in listed.splitlines()]
    told = {name.rpartition(".")[2]: value.strip("'\"") for name, _equals, value in settings}
    return {setting: told[name] for name, setting in _UV_SETTINGS.items() if told.get(name)}


def _environment(home: Path, programs: Path = PROGRAMS) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**kept, "HOME": str(home), "PATH": f"{programs}{os.pathsep}{kept['PATH']}", "ANSIBLE_NOCOLOR": "1"}


def _run(environment: Mapping[str, str], folder: Path, *command: str | Path) -> Run:
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _must(run: Run) -> None:
    """Ends the checks where something on which the rest depends failed."""
    if run.returncode:
        sys.exit(f"{' '.join(str(word) for word in run.args)}\n{run.stdout}{run.stderr}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
