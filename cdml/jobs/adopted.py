"""A change that changes nothing a run reads is the baseline itself: its results are taken, nothing trains again.

DVC's run-cache would often find them as well. But not every remote holds one, and a training that is not
deterministic would show a difference where nothing differs.
"""

from __future__ import annotations

from cdml.core import files
from cdml.core.settings import Settings
from cdml.jobs.overlay import added_files
from cdml.jobs.project import Project
from cdml.jobs.snapshots import baseline_version
from cdml.state.inputs import stage_names
from cdml.state.snapshot import CARD_FILE, ENVIRONMENT_FILE, JUDGEMENT_FILE, LOCK_FILE, take

_OTHERS = (CARD_FILE, ENVIRONMENT_FILE, JUDGEMENT_FILE)


def adopt_baseline(project: Project, rules: Settings | None) -> bool:
    """Put the baseline's lock and the outputs that git keeps into the working tree, where its inputs are HEAD's.

    `rules` are as in `snapshots.baseline`. Does nothing where a lock is there already: DVC knows by it what to do.
    """
    wanted = (rules or project.settings).evaluate.baseline
    if wanted == "main" or (project.root / LOCK_FILE).exists():
        return False
    version = baseline_version(project, wanted)
    if version is None or version.provenance is None or version.provenance.inputs != _inputs(project):
        return False
    for path, content in added_files(project.git, version.commit).items():
        if path not in _OTHERS and not (project.root / path).exists():
            files.write(project.root / path, content)
    if project.dvc.remote() is None:  # outputs that came from git are no outputs to DVC until its cache holds them
        train, evaluate = stage_names(project.settings)
        # Where some are not there after all, DVC runs what makes them.
        project.dvc.run("commit", "--quiet", "--force", "--with-deps", *train, *evaluate, check=False)
    return True


def _inputs(project: Project) -> str:
    head = project.git.commit("HEAD")
    planned = take(
        project.store,
        project.settings,
        label=head[:7],
        commit=head,
        code=head,
        environment=project.environment,
    )
    return planned.inputs.digest
