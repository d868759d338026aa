# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one writes who has no module for it: the Kubernetes client patches Services to Local, some at a time.

Called with a kubeconfig, the Services' namespace, how many they are, and how many at a time; they are called s0, s1 and so on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kubernetes import client, config


def main(arguments: Sequence[str]) -> None:
    kubeconfig, namespace, count, at_a_time = arguments
    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)
    # The client keeps no more connections than it is told to.
    configuration.connection_pool_maxsize = int(at_a_time)
    core = client.CoreV1Api(client.ApiClient(configuration))
    body = {"spec": {"externalTrafficPolicy": "Local"}}
    with ThreadPoolExecutor(int(at_a_time)) as pool:
        list(pool.map(lambda number: core.patch_namespaced_service(f"s{number}", namespace, body), range(int(count))))


if __name__ == "__main__":
    main(sys.argv[1:])
