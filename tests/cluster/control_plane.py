# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a real control plane up and takes it down again: the commands, and the names that tests import."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, get_args

from aggregated.release import NEWEST, ReleaseName
from api import Api, ApiError
from binaries import BuildError, find_or_build
from install import InstallError
from lifecycle import (
    Backend,
    ControlPlane,
    StartError,
    StopError,
    load,
    put_front_before,
    start,
    start_and_report,
    stop,
)
from tokens import kubeconfig_for_token, service_account_token

__all__ = [
    "Api",
    "ApiError",
    "Backend",
    "BuildError",
    "ControlPlane",
    "InstallError",
    "ReleaseName",
    "StartError",
    "StopError",
    "kubeconfig_for_token",
    "load",
    "put_front_before",
    "service_account_token",
    "start",
    "stop",
]

_ERRORS = (ApiError, BuildError, InstallError, OSError, StartError, StopError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 1 where it fails, with the reason as the first line on standard error."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if options.command == "start":
            crds = [] if options.no_crds else options.crds
            _start(options.directory, crds, options.backend, options.release)
        elif options.command == "stop":
            stop(options.directory)
        else:
            _build()
    except _ERRORS as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted", file=sys.stderr)
        return 130
    return 0


def _start(directory: Path, crds: Sequence[Path] | None, backend: Backend, release: ReleaseName | None) -> None:
    """Start a control plane and say where it is."""
    started = start_and_report(directory, crds, backend, release)
    for skipped in started.installed.skipped:
        print(f"not installed, this API server does not serve its kind: {skipped}", file=sys.stderr)
    print(f"kubeconfig: {started.control_plane.kubeconfig}")
    print(f"server: {started.control_plane.server}")


def _build() -> None:
    """Find or build the programs and say where they are."""
    for name, path in find_or_build().items():
        print(f"{name}: {path}")


def _interrupt(number: int, frame: object) -> NoReturn:
    """Let a request to end take the way of Ctrl-C, which cleans up."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A real control plane on this machine, for trying and testing.")
    commands = parser.add_subparsers(dest="command", required=True)
    start_parser = commands.add_parser("start", help="start etcd, kube-apiserver and kube-controller-manager")
    stop_parser = commands.add_parser("stop", help="stop them and remove the directory")
    commands.add_parser("build", help="build what the machine does not have, start nothing")
    for command in (start_parser, stop_parser):
        command.add_argument("--directory", type=Path, required=True, help="everything that is written goes here")
    start_parser.add_argument(
        "--backend",
        choices=get_args(Backend),
        default="native",
        help="how Calico's API is served: by kube-apiserver from CRDs, or by a server of its own behind it",
    )
    start_parser.add_argument(
        "--release",
        choices=get_args(ReleaseName),
        help=f"the Calico whose server an aggregated backend has, {NEWEST} unless said otherwise",
    )
    which = start_parser.add_mutually_exclusive_group()
    which.add_argument(
        "--crds", type=Path, nargs="+", action="extend", metavar="PATH", help="manifests instead of the project's own"
    )
    which.add_argument("--no-crds", action="store_true", help="Kubernetes' own kinds only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
