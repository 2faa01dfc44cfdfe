"""What the gates say now of what a pull request offers: from its judged run, and none of its code is run."""

from __future__ import annotations

from dataclasses import replace

from cdml.core.comparison import Judgement, Side
from cdml.core.errors import ConfigError, ExternalError, RefusedError
from cdml.core.serialize import load
from cdml.core.settings import CONFIG_FILE, Gate, Settings
from cdml.evaluation.gates import effective
from cdml.forges.base import PullRequest
from cdml.jobs.example_rows import holds_rows, shows_rows
from cdml.jobs.judged import run_of_inputs
from cdml.jobs.judged_before import judge_once
from cdml.jobs.project import Project
from cdml.jobs.same_data import Means, reading_of
from cdml.jobs.snapshots import baseline_version
from cdml.state.git import REMOTE
from cdml.state.snapshot import JUDGEMENT_FILE, Snapshot


def judged_now(project: Project, pull: PullRequest) -> tuple[Snapshot, Judgement]:
    """The judged run of a pull request's head, and its verdicts by today's gates against today's baseline.

    Those kept with the run are taken where both are still the same; else its predictions are judged again.
    Raises RefusedError where no run of this head was kept, or its predictions cannot be had.
    """
    snapshot = run_of_inputs(project, pull.head)
    if snapshot is None:
        why = "the run of a fork is not kept" if pull.fork else "it was not judged yet, or its run was not kept"
        raise RefusedError(f"there is no judged run of {pull.head[:7]}: {why}", "/cdml evaluate")
    branch = f"refs/remotes/{REMOTE}/{pull.target}"
    rules = project.settings_at(branch) if project.git.read(branch, CONFIG_FILE) else None
    # None of the change's code is run here, so no model is asked again.
    means = Means(project, project.git.commit(branch) if rules else None)
    kept = _kept(snapshot, rules, means)
    if kept:
        return snapshot, kept
    try:
        return snapshot, judge_once(project, snapshot, rules, means)
    except (ConfigError, ExternalError) as error:
        raise RefusedError(
            f"gates or baseline are others than when {pull.head[:7]} was judged: {error.message}",
            "/cdml evaluate",
        ) from None


def _kept(snapshot: Snapshot, rules: Settings | None, means: Means) -> Judgement | None:
    """The verdicts that the run was kept with, where the same gates would judge it against the same version.

    On the same data too: those of the branch that is entered may have moved on.
    """
    project = means.project
    content = project.git.read(snapshot.commit or "", JUDGEMENT_FILE)
    try:
        judgement = load(Judgement, content, JUDGEMENT_FILE) if content else None
    except ConfigError:  # another cdml wrote it
        return None
    wanted = (rules or project.settings).evaluate.baseline
    if judgement is None or wanted == "main":
        return None
    version = baseline_version(project, wanted)
    before = judgement.comparison.baseline
    same = (version.version if version else None) == (before.version if before else None)
    same = same and judgement.comparison.reading == reading_of(snapshot, rules, means)
    same = same and (shows_rows(snapshot.settings.evaluate, rules) or not holds_rows(judgement))
    demands = _demands(snapshot, rules, judgement)
    # What `against` names may be another model by now.
    if (
        not same
        or any(gate.against for gate in demands)
        or demands != [_plain(v.gate) for v in judgement.verdicts]
    ):
        return None
    own = Side(snapshot.label, snapshot.code, snapshot.version)
    return replace(judgement, comparison=replace(judgement.comparison, candidate=own))


def _demands(snapshot: Snapshot, rules: Settings | None, judgement: Judgement) -> list[Gate]:
    """The gates that would judge now; one without a metric means the primary one."""
    metrics = judgement.comparison.metrics
    primary = metrics[0].name if metrics else ""
    head, base = (
        tuple(
            replace(gate, metric=gate.metric or primary) for gate in (settings.evaluate.gates if settings else ())
        )
        for settings in (snapshot.settings, rules)
    )
    return [_plain(gate) for gate, _ in effective(head, base)]


def _plain(gate: Gate) -> Gate:
    return replace(gate, line=None)
