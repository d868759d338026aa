# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that stands in for Calico's API server, or stands before kube-apiserver to show faults.

`control_plane.py` starts it; its directory is that of a running control plane.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from aggregated import front, front_proxy
from aggregated.calico_api import CalicoApi
from aggregated.release import NEWEST, RELEASES, Release
from aggregated.serving import Service, serve
from api import Api
from certificates import Certificates, certificates_in

CALICO_API, FRONT = "calico-api", "front"
PORT, LOG = "port", "requests.log"


def main(arguments: Sequence[str] | None = None) -> None:
    """Play one of the roles for ever."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=[CALICO_API, FRONT])
    parser.add_argument("--server", required=True, help="the address of kube-apiserver")
    parser.add_argument("--directory", type=Path, required=True, help="that of the control plane")
    parser.add_argument("--release", choices=RELEASES, default=NEWEST, help="which Calico the API server is of")
    options = parser.parse_args(arguments)
    folder = options.directory / options.role
    certificates = certificates_in(options.directory / "certificates")
    if options.role == CALICO_API:
        service = _calico_api(folder, options.server, certificates, RELEASES[options.release])
        serve(service, front_proxy.context(certificates), folder / PORT)
    else:
        serve(_front(folder, options.server, certificates), front.context(certificates), folder / PORT)


def _calico_api(folder: Path, server: str, certificates: Certificates, release: Release) -> Service:
    api = Api(server, certificates.ca, certificates.calico_api_server)
    return Service(folder, folder / LOG, front_proxy.authenticate, CalicoApi(api, release).answer)


def _front(folder: Path, server: str, certificates: Certificates) -> Service:
    passing_on = front.PassingOn(server, certificates.ca, certificates.front_proxy)
    return Service(folder, folder / LOG, front.authenticate, passing_on.answer)


if __name__ == "__main__":
    main(sys.argv[1:])
