"""Same data or no claim: two models' predictions of the same rows, asked for again where the data moved on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cdml.core.errors import CdmlError, ConfigError, RefusedError
from cdml.core.settings import Evaluate, Settings
from cdml.evaluation.pairing import pair
from cdml.evaluation.predictions import Predictions
from cdml.evaluation.predictions import read as read_predictions
from cdml.jobs.opponents import pointer
from cdml.jobs.project import Project
from cdml.jobs.reading import reading_digest, with_shape_of
from cdml.jobs.rescore import DataFiles, Scorer, files_of
from cdml.state.snapshot import Snapshot, Store


@dataclass(frozen=True)
class Means:
    """What judging may use beyond two snapshots.

    `target` is the commit of the branch that a change wants to enter. Without `scorer` no model is asked again,
    for that runs code of the repository.
    """

    project: Project
    target: str | None = None
    scorer: Scorer | None = None


@dataclass(frozen=True)
class Sides:
    """Both models' predictions of one test set. `absent` says why there is a baseline but none of its predictions.

    `told` are sentences on what was done for that.
    """

    baseline: Predictions | None
    candidate: Predictions | None
    absent: str | None = None
    told: tuple[str, ...] = ()


def stored(store: Store, snapshot: Snapshot, evaluate: Evaluate, name: str = "") -> Predictions | None:
    """A snapshot's predictions (of the dataset called `name`), read as `evaluate` says; None where it writes none.

    Raises ConfigError where they are gone.
    """
    path = snapshot.settings.evaluate.predictions_of(name)
    if path is None:
        return None
    content = store.read(snapshot.commit, path)
    if content is None:
        hint = "dvc remote list; was the remote cleaned with dvc gc?" if snapshot.commit else "cdml run evaluate"
        raise ConfigError(f"{snapshot.label} has no file {path} in git, in DVC's cache or on its remote", hint)
    return read_predictions(content, path, evaluate)


def on_present(
    store: Store, head: Snapshot, base: Snapshot | None, evaluate: Evaluate, name: str, means: Means | None
) -> Sides:
    """Both models on the candidate's test set; the baseline is asked again where its own was another.

    Raises ConfigError where predictions of the test data are gone; where those of a dataset are, it is said.
    """
    candidate = stored(store, head, evaluate, name)
    if base is None:
        return Sides(None, candidate)
    try:
        before = _before(store, base, evaluate, name)
    except ConfigError:
        if not name:
            raise
        before = None
    absent = None if before else _none(base, name)
    if candidate is None or (before and _counts(before, candidate, head, base, name)):
        return Sides(before, candidate, absent)
    what = f"dataset {name}" if name else "this test data"
    try:
        again, how = _ask_again(base, files_of(means.project, head, name) if means else None, evaluate, means)
    except CdmlError as error:
        told = f"{base.label} was not scored again on {what}: {error.message}."
        return Sides(before, candidate, absent, (told,))
    return Sides(again, candidate, None, (f"{base.label} was scored again on {what}{how}.",))


def _before(store: Store, base: Snapshot, evaluate: Evaluate, name: str) -> Predictions | None:
    """The baseline's stored predictions; a change that renames the column of ids must be able to be judged."""
    try:
        return stored(store, base, evaluate, name)
    except ConfigError:
        return stored(store, base, with_shape_of(evaluate, base.settings.evaluate), name)


def _none(base: Snapshot, name: str) -> str:
    return f"{base.label} has no predictions" + (f" of {name}" if name else "")


def _counts(before: Predictions, candidate: Predictions, head: Snapshot, base: Snapshot, name: str) -> bool:
    """Whether the stored predictions of the baseline are of the data that the candidate was scored on.

    Rows with the same ids and truth may have got other features. Of a file that is trained on as well only a part
    is tested, so that there the rows decide.
    """
    if not is_changed(head, base, name):
        return True
    path = base.settings.evaluate.data_of(name)
    return pair(before, candidate).unpaired is None and path in base.inputs.data


def is_changed(head: Snapshot, base: Snapshot, name: str) -> bool:
    """Whether the test data of two models differ, by digest."""
    same = _digests(head, name) == _digests(base, name)
    return not same or _other_truth(head.settings.evaluate, base.settings.evaluate)


def is_known_same(head: Snapshot, base: Snapshot, name: str) -> bool:
    """Whether the test data of two models are the same by a digest: of what a command fetches there is none."""
    return bool(_digests(head, name)) and not is_changed(head, base, name)


def _other_truth(one: Evaluate, other: Evaluate) -> bool:
    """Whether the built-in evaluator takes another column of the same data for the truth."""
    return one.builtin and other.builtin and one.target != other.target


def _digests(snapshot: Snapshot, name: str) -> object:
    evaluate, inputs = snapshot.settings.evaluate, snapshot.inputs
    path = evaluate.data_of(name)
    if path is None:
        return None if name else dict(inputs.test_data)
    found = snapshot.pipeline.out(path) or inputs.test_data.get(path) or inputs.data.get(path)
    return found or {**inputs.data, **inputs.test_data}


def _ask_again(
    who: Snapshot, of: DataFiles | None, evaluate: Evaluate, means: Means | None
) -> tuple[Predictions, str]:
    """Predictions of a merged model on a test set, and in what environment; raises where there is no answer."""
    if means is None or means.scorer is None:
        raise RefusedError("no model is run where this is judged")
    if of is None:
        raise RefusedError("mlops.yaml does not name its data")
    if who.version is None and not _is_merged(means.project, who):
        raise RefusedError("it is neither a version nor merged")
    scored = means.scorer.score(who, of, evaluate)
    return scored.predictions, f", {scored.note}" if scored.note else ""


def _is_merged(project: Project, who: Snapshot) -> bool:
    """Whether a commit (or the one that a judged run stands on) is on main: others' code is not run for them."""
    from cdml.jobs.snapshots import main_commit

    main = main_commit(project)
    return any(
        project.git.run("merge-base", "--is-ancestor", commit, main, check=False).code == 0
        for commit in (who.code, f"{who.code}^")
    )


def on_target(
    store: Store, head: Snapshot, base: Snapshot | None, rules: Settings, name: str, means: Means
) -> Sides | None:
    """Both models on the test set as the target branch has it; None where the change leaves that as it is.

    A change must not pass because it brought easier test data along. Raises what asking a model raises, where the
    candidate cannot be asked.
    """
    assert means.target is not None  # noqa: S101 - the caller has asked
    if not _moved(means, head, rules, name):
        return None
    if means.scorer is None:
        raise RefusedError("no model is run where this is judged")
    planned = replace(head, settings=replace(head.settings, evaluate=rules.evaluate))
    data = files_of(means.project, planned, name, at=means.target)
    if data is None:
        raise RefusedError("the target branch's test data are not here")
    data = replace(data, label=f"the target branch's {data.label.removeprefix('the ')}")
    candidate = means.scorer.score(head, data, rules.evaluate).predictions
    if base is None:
        return Sides(None, candidate)
    try:
        before = stored(store, base, rules.evaluate, name)
    except ConfigError:
        before = None
    if before is None or pair(before, candidate).unpaired:
        before, _ = _ask_again(base, data, rules.evaluate, means)
    return Sides(before, candidate)


def target_data(project: Project, head: Snapshot, rules: Settings | None, target: str | None) -> list[object]:
    """What stands for the test sets and their truth as the target branch has them, in a digest."""
    if rules is None or target is None:
        return []
    named = [rules.evaluate.data_of(name) for name in ("", *(one.name for one in rules.evaluate.datasets))]
    paths = [path for path in named if path] + ([] if named[0] else sorted(head.inputs.test_data))
    return [rules.evaluate.target, *([path, pointer(project.git, target, path)] for path in paths)]


def reading_of(head: Snapshot, rules: Settings | None, means: Means | None) -> str:
    """The digest of how a judgement reads predictions, and of the target branch's test data that it counts."""
    data = target_data(means.project, head, rules, means.target) if means else []
    return reading_digest(head.settings.evaluate, rules, data)


def _moved(means: Means, head: Snapshot, rules: Settings, name: str) -> bool:
    """Whether a change touches files of a test set, as git has them at both commits, or what is true in them."""
    if _other_truth(head.settings.evaluate, rules.evaluate):
        return True
    ours, theirs = head.settings.evaluate.data_of(name), rules.evaluate.data_of(name)
    git, target = means.project.git, str(means.target)
    if ours is None or theirs is None:
        if name:
            return False
        paths = sorted(head.inputs.test_data)
        return any(pointer(git, target, path) != pointer(git, head.code, path) for path in paths)
    before = pointer(git, target, theirs)
    # A file that a stage makes is in no commit; what made it counts as code.
    return before is not None and before != pointer(git, head.code, ours)
