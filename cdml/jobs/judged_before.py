"""A judgement is kept under the digest of all that judging read, so that the same question is answered once.

Nothing is taken over from a run that was judged by other gates, against another champion or by another cdml: any
such difference is another digest. Reading it needs neither predictions nor the libraries that read them.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from cdml import __version__
from cdml.config.behaviour import BEHAVIOUR_FILE
from cdml.core.comparison import Judgement, Side
from cdml.core.errors import CdmlError, ConfigError, ExternalError
from cdml.core.serialize import digest, dump, load
from cdml.core.settings import Settings
from cdml.jobs.opponents import identity
from cdml.jobs.project import Project
from cdml.jobs.same_data import Means, target_data
from cdml.jobs.snapshots import baseline, baseline_version
from cdml.state.git import REMOTE
from cdml.state.plumbing import Update, push, read_blobs, write_commit, write_tree
from cdml.state.snapshot import JUDGEMENT_FILE, Snapshot

JUDGEMENTS = "refs/cdml/judgements"


def judge_once(
    project: Project,
    head: Snapshot,
    rules: Settings | None = None,
    means: Means | None = None,
    *,
    keep: bool = True,
) -> Judgement:
    """`head` against the project's baseline by `judge`, or what it answered before to exactly this question.

    `rules` are the settings that the change may not loosen, `means` as in `judge`. Without `keep` nothing is
    written, here or on the remote. Raises what `judge` and `baseline` raise.
    """
    means = means or Means(project)
    key = judging_digest(project, head, rules, means)
    kept = _kept(project, key) if key else None
    if kept:
        # Another commit of the same inputs may have asked.
        own = Side(head.label, head.code, head.version)
        return replace(kept, comparison=replace(kept.comparison, candidate=own))
    from cdml.jobs.judge import judge

    judgement = judge(project.store, head, baseline(project, rules), rules, means)
    if key and keep:
        _keep(project, key, judgement)
    return judgement


def judging_digest(
    project: Project, head: Snapshot, rules: Settings | None, means: Means | None = None
) -> str | None:
    """sha256 over everything that judging reads; None where no digest stands for one side of it.

    A release commit's id stands for all that the baseline is. The candidate may be the working tree, whose
    predictions DVC has digested.
    """
    wanted = (rules or project.settings).evaluate.baseline
    evaluate = head.settings.evaluate
    predictions = [head.pipeline.out(path) for path in (*evaluate.written, *evaluate.results)]
    others = _others(project, head, rules, means or Means(project))
    if wanted == "main" or None in predictions or others is None:
        return None
    version = baseline_version(project, wanted)
    opponent = [version.commit, version.label] if version else None
    # A dvc.yaml of the project's own may write this file in a stage that is not known here.
    predictions.append(head.pipeline.out(BEHAVIOUR_FILE) or "none")
    candidate = [head.settings.model, head.settings.evaluate, head.inputs.digest, predictions, head.reported]
    return digest([__version__, candidate, opponent, rules.evaluate if rules else None, others])


def _others(project: Project, head: Snapshot, rules: Settings | None, means: Means) -> list[object] | None:
    """What else judging reads: other opponents, the target branch's test data, models that are asked again."""
    settings = [head.settings, *([rules] if rules else [])]
    named = sorted({gate.against for one in settings for gate in one.evaluate.gates if gate.against})
    try:
        opponents = [identity(project, against, means.target) for against in named]
    except CdmlError:
        return None
    if None in opponents:
        return None
    at_target = target_data(project, head, rules, means.target)
    return [opponents, at_target, project.environment if means.scorer else None]


def _kept(project: Project, key: str) -> Judgement | None:
    """What was kept here or on the remote; None where nothing was, or not what this cdml writes."""
    ref = f"{JUDGEMENTS}/{key}"
    content = read_blobs(project.git, [f"{ref}:{JUDGEMENT_FILE}"])[0]
    if content is None and project.git.remote_url():
        project.git.run("fetch", "--quiet", "--no-tags", REMOTE, f"+{ref}:{ref}", check=False)
        content = read_blobs(project.git, [f"{ref}:{JUDGEMENT_FILE}"])[0]
    try:
        return load(Judgement, content, ref) if content else None
    except ConfigError:
        return None


def _keep(project: Project, key: str, judgement: Judgement) -> None:
    """Keep it here and on the remote; where that may not be written, it is judged again elsewhere."""
    ref = f"{JUDGEMENTS}/{key}"
    tree = write_tree(project.git, None, {JUDGEMENT_FILE: dump(judgement).encode()})
    commit = write_commit(project.git, tree, (), f"Judgement of {judgement.comparison.model}\n")
    project.git.run("update-ref", ref, commit)
    if project.git.remote_url():
        with contextlib.suppress(ExternalError):
            push(project.git, Update(ref, commit, None))
