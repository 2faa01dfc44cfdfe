"""What a pull request offers, trained and judged in the working tree; nothing is told to anybody."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from cdml.core.comparison import Judgement
from cdml.core.errors import RefusedError, UsageError
from cdml.core.settings import CONFIG_FILE
from cdml.jobs.adopted import adopt_baseline
from cdml.jobs.data import check_data
from cdml.jobs.judged_before import judge_once
from cdml.jobs.project import Project, require_clean
from cdml.jobs.rescore import Scorer
from cdml.jobs.run import run_jobs, run_tests
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import working
from cdml.state.git import REMOTE
from cdml.state.snapshot import Snapshot


@dataclass(frozen=True)
class Offered:
    """The candidate as it was trained, and what its gates say.

    `seconds` is how long training and evaluating took; None where nothing had to run.
    """

    snapshot: Snapshot
    judgement: Judgement
    seconds: int | None = None


def judge_offer(
    project: Project, target: str, say: Callable[[str], None], *, keep: bool = True, force: bool = False
) -> Offered:
    """Test, check the data, train, evaluate and judge the checked-out commit as `target` asks.

    `keep` is as in `judge_once`, `force` as in `run_jobs`.

    Raises RefusedError where the change would escape its gates, and what the jobs raise.
    """
    branch = f"refs/remotes/{REMOTE}/{target}"
    rules = project.settings_at(branch) if project.git.read(branch, CONFIG_FILE) else None
    run_tests(project, say)
    data = check_data(project, say, target=(branch, rules) if rules else None, committed=True)
    if not force and adopt_baseline(project, rules):
        say("nothing that a run reads differs from the baseline: its results are taken")
    started = time.monotonic()
    run = run_jobs(project, ("train", "evaluate"), say, force=force)
    seconds = round(time.monotonic() - started) if run.ran else None
    snapshot = replace(working(project, unchanged=not run.ran), label="this PR", code=project.git.commit("HEAD"))
    if rules and rules.evaluate.predictions and project.settings.evaluate.predictions is None:
        raise RefusedError(
            f"{target} is judged on {rules.evaluate.predictions}, and this change writes no predictions",
            "keep evaluate.predictions in mlops.yaml",
        )
    means = Means(project, project.git.commit(branch) if rules else None, Scorer(project, say))
    return Offered(snapshot, data.told(judge_once(project, snapshot, rules, means, keep=keep)), seconds)


def require_offered(project: Project, number: int, head: str) -> None:
    """What is trained here must be what the pull request offers: its status belongs to that commit.

    Its head, or the merge of it into the target that some CI systems check out.
    """
    require_clean(project, "judging a pull request")
    here = project.git.text("rev-list", "-1", "--parents", "HEAD").split()
    if head != here[0] and head not in here[2:]:
        raise UsageError(
            f"pull request {number} offers {head[:7]}, but {here[0][:7]} is checked out",
            f"git fetch {REMOTE}, then git switch --detach {head[:7]}",
        )
