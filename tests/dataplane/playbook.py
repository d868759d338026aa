# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_external_traffic_policy on the lab's Services, by ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from objects import NAMESPACE, NODE_PORT_ONLY, SERVICE


@dataclass(frozen=True)
class Playbook:
    """The collection's checkout, the cluster, and a folder for what is run."""

    root: Path
    kubeconfig: Path
    folder: Path

    def run(self, state: str, **options: str) -> None:
        """Raises RuntimeError with the output where the playbook fails, or changes nothing."""
        task = {
            "netguard.calico.service_external_traffic_policy": {
                "kubeconfig": str(self.kubeconfig),
                "names": [f"{NAMESPACE}/{SERVICE}", f"{NAMESPACE}/{NODE_PORT_ONLY}"],
                "state": state,
                **options,
            }
        }
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
        file = self.folder / "playbook.json"
        file.write_text(json.dumps([play]), encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.root / "build" / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", str(file)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode or "changed=1" not in result.stdout:
            raise RuntimeError(f"{result.stdout}{result.stderr}")
