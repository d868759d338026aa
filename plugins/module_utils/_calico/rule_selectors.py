# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Calico combines the selectors of a policy, and of one side of a rule, into one question about an endpoint.

Rules: libcalico-go/lib/backend/syncersv1/updateprocessors of Calico. It combines texts and reads the result; doing the same
keeps what invalid parts do there: a namespace or service account selector of a policy that cannot be read is left out, so that
the policy then selects everybody. Any other selector that cannot be read makes the whole policy missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import labels
from .selector import Selector, parse
from .selector_tokens import InvalidSelector
from .selector_tree import prefixed
from .snapshot import Object, items, mapping, text


@dataclass(frozen=True)
class Combined:
    """The combined text, empty where nothing narrows; ``ignored`` names the fields that were left out as unreadable."""

    text: str
    ignored: tuple[str, ...] = ()


def policy_selector(spec: Object, namespace: str) -> Combined:
    """Which endpoints the policy applies to; ``namespace`` is empty for a global policy."""
    combined = Combined(text(spec.get("selector")))
    if namespace:
        own = f"{labels.NAMESPACE} == '{namespace}'"
        combined = Combined(f"({combined.text}) && {own}" if combined.text else own)
        return _and_prefixed(combined, spec, "serviceAccountSelector", labels.SERVICE_ACCOUNT_PREFIX)
    if text(spec.get("namespaceSelector")):
        combined = _and_prefixed(combined, spec, "namespaceSelector", labels.NAMESPACE_PREFIX)
        combined = Combined(combined.text.replace("all()", f"has({labels.NAMESPACE})"), combined.ignored)
    if text(spec.get("serviceAccountSelector")):
        combined = _and_prefixed(combined, spec, "serviceAccountSelector", labels.SERVICE_ACCOUNT_PREFIX)
        combined = Combined(combined.text.replace("all()", f"has({labels.SERVICE_ACCOUNT})"), combined.ignored)
    return combined


def side_selector(side: Object, namespace: str) -> Combined:
    """Which endpoints and network sets the positive selectors of a rule's source or destination mean."""
    accounts, account_ignored = _service_accounts(mapping(side.get("serviceAccounts")))
    parts = [part for part in (accounts, text(side.get("selector"))) if part]
    selector = parts[0] if len(parts) == 1 else f"({') && ('.join(parts)})" if parts else ""
    named = text(side.get("namespaceSelector"))
    within, within_ignored = _namespaces(named, namespace)
    if within and (selector or text(side.get("notSelector")) or named):
        selector = f"({within}) && ({selector})" if selector else within
    return Combined(selector, (*account_ignored, *within_ignored))


def unreadable(side: Object) -> list[str]:
    """The selectors of a rule's side that cannot be read by themselves."""
    asked = {name: text(side.get(name)) for name in ("selector", "notSelector", "namespaceSelector")}
    asked["serviceAccounts.selector"] = text(mapping(side.get("serviceAccounts")).get("selector"))
    return [name for name, value in asked.items() if value and read(value) is None]


def without(positive: str, negative: str) -> str:
    """The positive selector of a side, narrowed by its negative one."""
    return f"({positive}) && (!({negative}))" if positive and negative else positive


def read(selector: str) -> Selector | None:
    """The selector, None where Calico cannot read it."""
    try:
        return parse(selector)
    except InvalidSelector:
        return None


def _and_prefixed(combined: Combined, spec: Object, field: str, prefix: str) -> Combined:
    if not text(spec.get(field)):
        return combined
    added = _prefixed(text(spec.get(field)), prefix)
    if added is None:
        return Combined(combined.text, (*combined.ignored, field))
    return Combined(f"({combined.text}) && {added}" if combined.text else added, combined.ignored)


def _namespaces(selector: str, namespace: str) -> tuple[str, tuple[str, ...]]:
    if not selector:
        return (f"{labels.NAMESPACE} == '{namespace}'" if namespace else "", ())
    found = _prefixed(selector, labels.NAMESPACE_PREFIX)
    if found is None:
        return "", ("namespaceSelector",)
    every = found.replace("all()", f"has({labels.NAMESPACE})")
    return every.replace("global()", f"!has({labels.NAMESPACE})"), ()


def _service_accounts(accounts: Object) -> tuple[str, tuple[str, ...]]:
    selector = text(accounts.get("selector"))
    ignored: tuple[str, ...] = ()
    by_labels = _prefixed(selector, labels.SERVICE_ACCOUNT_PREFIX) if selector else ""
    if by_labels is None:
        by_labels, ignored = "", ("serviceAccounts.selector",)
    names = [text(name) for name in items(accounts.get("names"))]
    if not names:
        return by_labels, ignored
    quoted = "', '".join(names)
    listed = read(f"{labels.SERVICE_ACCOUNT} in {{ '{quoted}' }}")
    if listed is None:
        return "", (*ignored, "serviceAccounts.names")
    return (f"({by_labels}) && ({listed})" if by_labels else str(listed)), ignored


def _prefixed(selector: str, prefix: str) -> str | None:
    found = read(selector)
    return None if found is None else str(prefixed(found.root, prefix))
