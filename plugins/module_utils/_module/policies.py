# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two modules that write policies have in common: check mode or real, the plan as result, the diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._apply.policies import Change, Outcome, planned
from .._apply.transaction import carried_out, restoring
from .._apply.undo import Undo
from .._apply.weighing import Weighed
from .._calico.baseline import BASELINE_LABEL
from .._calico.connection import parse_connections
from .._calico.errors import InvalidInput
from .._calico.global_network_policy import TIER_LABEL, Policy
from .._calico.nets import Address, parse_address
from .._calico.policy_warnings import warnings
from .._plan.allowance import Allowance
from .._plan.consequences import Consequences, listed
from .._plan.digest import Approval
from .._plan.pruning import Pruning
from .._plan.staging import left_over
from .._plan.steps import Plan, Step, baseline_of, kept_by_finalizers
from .._report.size import within_limit
from .backups import Place, new_backup, stored_backup, telling_origin
from .run import Result, Session, Work
from .staging import preview_warnings

# Characters of JSON of the lists of connections, beside which plan and diff must find room.
_OF_CONNECTIONS = 200_000
_IN_DIFF = 50


def allowance(params: Mapping[str, Any]) -> Allowance:
    """What the plan may do to connections. Raises InvalidInput for expectations or an address that cannot be read."""
    return Allowance(
        on_opened=params["on_opened"],
        interruption=params["allow_interruption"],
        expectations=parse_connections(params["expectations"] or (), "expectations", "wanted"),
        on_unknown=params["on_unknown"],
        left_out=tuple(params["lockout_checks"] or ()),
        control_node=_control_node(params["control_node_address"]),
    )


def _control_node(given: str | None) -> Address | None:
    address = parse_address(given)
    if given and address is None:
        raise InvalidInput(
            f"control_node_address {given!r} is no address",
            "Give the IP address with which this machine reaches the cluster, as the cluster sees it.",
        )
    return address


def undo(session: Session, place: Place | None) -> Undo:
    """How this run can be undone."""
    kept_at = None if place is None else place(session.gateway)
    return Undo(new_backup(session), kept_at, session.params["on_failure"])


def warn_about(session: Session, policies: Iterable[Policy]) -> None:
    """Tells the user what is legal in the wanted policies and rarely meant."""
    for warning in warnings(policy.manifest() for policy in policies):
        session.warn(str(warning))


def change_policies(session: Session, change: Change, pruning: Pruning) -> Result:
    """Plans in check mode, plans and writes otherwise; the result of both is the same."""
    outcome = _outcome(session, change)
    unlisted = _unlisted(outcome, pruning, Plan(()))
    removes = bool(change.policies) and not change.present
    if removes or pruning.prune == "report":
        # Where the baseline is removed, they stay in force without the policies that they were made to go with.
        _warn_of_unlisted(session, pruning, unlisted)
    result = _result(session, change, outcome)
    _warn_of(session, outcome.weighed)
    prunable = [] if pruning.prune == "none" else unlisted
    return {**result, "prunable": prunable, "backup_file": _backup_file(change, outcome)}


def stage_policies(session: Session, change: Change, pruning: Pruning) -> Result:
    """The same for policies that are staged: what is returned of connections would be so once they are enforced."""
    outcome = _outcome(session, change)
    unlisted = _unlisted(outcome, pruning, outcome.weighed.plan)
    if pruning.prune == "report":
        _warn_of_unlisted(session, pruning, unlisted)
    for warning in preview_warnings(outcome.weighed):
        session.warn(warning)
    return {
        **_result(session, change, outcome),
        "prunable": [] if pruning.prune == "none" else unlisted,
        "preview": [step.as_result() for step in outcome.weighed.plan.steps],
        "backup_file": _backup_file(change, outcome),
    }


def restore(params: dict[str, Any], place: Place, allowed: Allowance, approved: str | None) -> Work:
    """The work that puts back what a backup holds. Raises InvalidInput where policies are given besides."""
    given = [option for option in ("policies", "src", "default_policies") if params[option] is not None]
    if given:
        raise InvalidInput(
            f"state is restored, and {given[0]} is given", "The backup says what is put back; leave it out."
        )

    def work(session: Session) -> Result:
        backup = stored_backup(session, place)
        change = replace(
            restoring(session.gateway, backup, session.cluster.backend, allowed),
            approval=Approval(approved, session.cluster.uid),
            take_over=params["take_over"],
            progress=session.progress,
        )
        with telling_origin(backup):
            outcome = _outcome(session, change)
        result = _result(session, change, outcome)
        _warn_of(session, outcome.weighed)
        return {**result, "prunable": [], "backup_file": "", "restored_from": backup.origin}

    return work


def change_one_policy(session: Session, change: Change, name: str) -> Result:
    """The same for the policy of that name, with the object before and after."""
    outcome = _outcome(session, change)
    before = outcome.live.get(name)
    if outcome.plan.steps and baseline_of(before):
        session.warn(f"{name} belongs to the baseline {baseline_of(before)} by its label {BASELINE_LABEL}")
    differences = [d.as_result() for step in outcome.plan.steps for d in step.difference]
    _warn_of(session, outcome.weighed)
    shown_ends = {"before": shown(before), "after": shown(outcome.after(name))}
    return {**_result(session, change, outcome), **shown_ends, "difference": differences}


def _backup_file(change: Change, outcome: Outcome) -> str:
    """Where the backup is, or would be, empty where there is none."""
    place = change.undo.place
    return "" if place is None or not outcome.plan.steps else str(place)


def _unlisted(outcome: Outcome, pruning: Pruning, preview: Plan) -> list[str]:
    """Policies of the baseline that are not listed, and staged ones beside those that stage a deletion of the preview."""
    return [*pruning.leftovers(outcome.live), *left_over(pruning, preview, outcome.staged)]


def _warn_of_unlisted(session: Session, pruning: Pruning, unlisted: Sequence[str]) -> None:
    if unlisted and pruning.prune != "delete":
        session.warn(f"No longer listed, and still there with the label of {pruning.name}: {', '.join(unlisted)}")


def _outcome(session: Session, change: Change) -> Outcome:
    return (planned if session.check_mode else carried_out)(session.gateway, change)


def _result(session: Session, change: Change, outcome: Outcome) -> Result:
    steps = outcome.plan.steps
    kept = kept_by_finalizers(outcome.plan, outcome.live, [policy.name for policy in change.policies])
    for name in kept:
        session.warn(f"GlobalNetworkPolicy {name} has finalizers: it stays in force until they are taken away")
    for unsaid in outcome.unsaid:
        session.warn(unsaid)
    result: Result = {
        "changed": bool(steps),
        "plan": [step.as_result() for step in steps],
        "plan_digest": change.approval.digest(outcome.plan),
        "kept_by_finalizers": kept,
        "adopted": list(outcome.plan.adopted),
        **_connections(outcome.weighed.consequences),
        "expectations": [judged.as_result() for judged in outcome.weighed.guarded.judged],
        "lockout": [check.as_result() for check in outcome.weighed.lockout.checks],
    }
    if session.diff_mode:
        result["diff"] = [
            *(_diff(step, outcome.answers[step.key]) for step in steps),
            *_prepared(outcome.weighed.consequences),
        ]
    return result


def _warn_of(session: Session, weighed: Weighed) -> None:
    """What of a plan's consequences nobody should overlook."""
    consequences = weighed.consequences
    for judged in weighed.guarded.unmet():
        session.warn(f"Whether the expectation {judged.name} is met is not known: {judged.reason}")
    if weighed.lockout.unsure():
        told = " ".join(map(str, weighed.lockout.unsure()))
        session.warn(f"Whether the plan cuts what the cluster lives by is not fully known. {told}")
    if consequences.opened:
        session.warn(f"The plan opens connections: {listed(consequences.opened)}")
    if consequences.unjudged:
        session.warn(f"What the plan does to connections is not fully known: {'; '.join(consequences.unjudged)}")
    if consequences.interruptions:
        session.warn(f"Connections are cut or opened on the way. {consequences.interruptions[0]}")


def _connections(consequences: Consequences) -> Result:
    lists = {
        "interruptions": [interruption.as_result() for interruption in consequences.interruptions],
        "opened": [change.as_result() for change in consequences.opened],
        "cut": [change.as_result() for change in consequences.cut],
        "uncertain": [change.as_result() for change in consequences.uncertain],
    }
    kept, truncated = within_limit(lists, _OF_CONNECTIONS)
    return {**kept, "unjudged": list(consequences.unjudged), "truncated": truncated}


def _prepared(consequences: Consequences) -> list[Result]:
    """The same as lines of a diff."""
    changes = (*consequences.opened, *consequences.cut, *consequences.uncertain)
    shown_ones = [f"{change}\n" for change in changes[:_IN_DIFF]]
    if len(changes) > _IN_DIFF:
        shown_ones.append(f"and {len(changes) - _IN_DIFF} more, which the result lists\n")
    return [{"prepared": "".join(["connections\n", *shown_ones])}] if changes else []


def shown(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An object as results and diffs show it: without what the server numbers, dates and records by itself."""
    if item is None:
        return None
    hidden = {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "labels"}
    metadata = {key: value for key, value in item.get("metadata", {}).items() if key not in hidden}
    # Calico's API server sets this label, as a real write shows and a dry run does not; spec.tier says the same.
    labels = {key: value for key, value in (item["metadata"].get("labels") or {}).items() if key != TIER_LABEL}
    return {**item, "metadata": {**metadata, "labels": labels} if labels else metadata}


def _diff(step: Step, after: Mapping[str, Any] | None) -> dict[str, Any]:
    name = f"{step.kind} {step.name}"
    return {
        "before_header": f"{name} (in the cluster)",
        "after_header": f"{name} (wanted)",
        "before": shown(step.before) or "",
        "after": shown(after) or "",
    }
