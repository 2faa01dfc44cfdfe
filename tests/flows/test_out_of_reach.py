"""Runs of pull requests that break for want of data, and what they say of it: real DVC with an HTTP remote."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from plain import plain_environment
from toy_project import Toy, copy, dvc

from cdml.ci.base import RunContext
from cdml.core.errors import CdmlError
from cdml.core.settings import Ci
from cdml.jobs.hand_over import hand_over
from cdml.jobs.handover import Handover, read_all
from cdml.jobs.project import open_project
from cdml.jobs.unreached import failure_words, waiting_words
from cdml.reports.markdown import failure
from cdml.state.access import Ungiven
from cdml.state.dvc import Dvc

KEY = "k3y-of-the-store"


@dataclass
class Served:
    """A DVC remote behind HTTP: `status` is its answer to everybody without the key."""

    url: str
    status: int = 401


@pytest.fixture(scope="module")
def _tracked(_registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registered project with its data in DVC's store, and nothing of it on this machine."""
    toy = copy(_registered, tmp_path_factory.mktemp("tracked") / "toy")
    with plain_environment():
        toy.git("rm", "--quiet", "--cached", "data.csv")
        dvc(toy.root, "add", "--quiet", "data.csv")
        dvc(toy.root, "push", "--quiet", "data.csv")
        toy.commit("Keep the data in the store")
        toy.git("push", "--quiet")
    (toy.root / "data.csv").unlink()
    return _emptied(toy).root.parent


@pytest.fixture
def tracked(_tracked: Path, tmp_path: Path) -> Toy:
    return copy(_tracked, tmp_path / "toy")


def _emptied(toy: Toy) -> Toy:
    shutil.rmtree(toy.root / ".dvc" / "cache")
    shutil.rmtree(toy.root / ".dvc" / "tmp")
    return toy


@pytest.fixture
def served(_registered: Path) -> Iterator[Served]:
    store = Path(Dvc(_registered / "work").remote() or "")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("X-Key") == KEY:
                return super().do_GET()
            return self.send_error(served.status)

        def do_HEAD(self) -> None:
            self.do_GET() if self.headers.get("X-Key") != KEY else super().do_HEAD()

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *words: Handler(*words, directory=str(store))
    )
    served = Served(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


def behind(toy: Toy, served: Served, *, more: str = "", secrets: str = "") -> Toy:
    """The project with its DVC remote at that address."""
    config = f"[core]\n    remote = store\n['remote \"store\"']\n    url = {served.url}\n{more}"
    settings = (toy.root / "mlops.yaml").read_text()
    if secrets:
        settings = settings.replace("train:\n", f"ci: {{secrets: {secrets}}}\ntrain:\n", 1)
    toy.commit("Keep the store at an address", **{".dvc/config": config, "mlops.yaml": settings})
    toy.git("push", "--quiet")
    return toy


def judged(toy: Toy, tmp_path: Path, *, fork: bool, **facts: object) -> tuple[Handover, int, str]:
    """What the first half of a pull request's run hands over, its exit code, and what it raised in words."""
    head = toy.branch("offer", "Change it", params__yaml="skill: 1.3\n")
    context = RunContext("github", "pull_request", pull=1, head=head, base="main", fork=fork, **facts)  # type: ignore[arg-type]
    try:
        _, code = hand_over(open_project(toy.root), context, tmp_path / "h", lambda line: None)
        said = ""
    except CdmlError as error:
        code, said = int(error.exit_code), f"{error.message}\n{error.hint}"
    ((_, handover),) = read_all(tmp_path / "h")
    return handover, code, said


def test_a_fork_whose_data_needs_credentials_waits_for_somebody_who_has_them(tracked, served, tmp_path):
    handover, code, _ = judged(behind(tracked, served), tmp_path, fork=True)
    assert code == 11
    assert handover.failure is None
    assert handover.judgement is None
    assert handover.waiting.startswith("Not evaluated: the data needs credentials")
    assert "the comment `/cdml evaluate`" in handover.waiting


@pytest.mark.parametrize(
    ("provider", "forge", "heard"),
    [
        ("github", None, True),
        ("github", "github", True),
        ("github", "gitea", False),
        ("gitlab", None, True),
        ("azure", "azure", False),
        ("azure", "github", False),
        ("jenkins", "github", False),
    ],
)
def test_a_command_is_offered_only_where_one_is_heard(provider, forge, heard):
    said = waiting_words(RunContext(provider, "pull_request", forge=forge))
    assert ("/cdml evaluate" in said) == heard
    assert "push the branch to this repository" in said


def test_a_fork_that_cannot_read_the_baselines_predictions_waits_too(registered, served, tmp_path):
    behind(_emptied(registered), served)
    handover, code, _ = judged(registered, tmp_path, fork=True)
    assert (code, handover.failure) == (11, None)
    assert "needs credentials" in handover.waiting


def test_a_fork_that_somebody_started_with_credentials_is_judged(tracked, served, tmp_path):
    local = f"    auth = custom\n    custom_auth_header = X-Key\n    password = {KEY}\n"
    handover, code, said = judged(behind(tracked, served, more=local), tmp_path, fork=True, asked=True)
    assert (code, said, handover.waiting) == (0, "", None)
    assert handover.judgement


@pytest.mark.parametrize("asked", [False, True])
def test_with_broken_credentials_a_run_that_gets_them_fails_and_names_the_setting(
    tracked, served, tmp_path, asked
):
    behind(tracked, served, secrets="{train: [STORE_KEY]}")
    handover, code, said = judged(tracked, tmp_path, fork=asked, asked=asked)
    assert code == 4
    assert "the DVC remote refuses data.csv: 401" in said
    assert "STORE_KEY of ci.secrets.train is empty in this run" in said
    assert handover.waiting is None
    assert "STORE_KEY of ci.secrets.train is empty" in handover.failure.message
    assert "fork" not in handover.failure.message


REFUSED = Ungiven("data.csv", "denied", "403 Forbidden")


@pytest.mark.parametrize(
    ("ci", "hint"),
    [
        (Ci(), "Name the secrets that open it in ci.secrets.train"),
        (Ci(cloud={"aws": {"role": "r"}}), "May the identity of ci.cloud (aws) read it?"),
        (Ci(secrets={"default": ("A",), "train": ("B",), "deploy": ("C",)}), "B of ci.secrets.train is empty"),
        (Ci(secrets={"train": ("A",)}), "Does A (ci.secrets.train) still open the remote?"),
    ],
)
def test_the_hint_is_the_setting_that_gives_credentials(monkeypatch, ci, hint):
    monkeypatch.setenv("A", "a-secret-value")
    message, said = failure_words(REFUSED, ci)
    assert message == "the DVC remote refuses data.csv: 403 Forbidden"
    assert hint in said
    assert "a-secret-value" not in said


def test_data_that_nobody_pushed_is_another_failure_than_data_that_is_refused(tracked, served, tmp_path):
    served.status = 404
    handover, code, said = judged(behind(tracked, served), tmp_path, fork=True)
    assert code == 4
    assert handover.waiting is None
    assert handover.failure.message.splitlines()[0] == "data.csv is not on the DVC remote"
    assert "dvc push" in said


def test_a_script_that_breaks_by_itself_is_not_taken_for_missing_data(registered, served, tmp_path):
    behind(_emptied(registered), served)
    registered.commit("Break", train__py="raise SystemExit('403 Forbidden')\n")
    registered.git("push", "--quiet")
    handover, code, _ = judged(registered, tmp_path, fork=True)
    assert (code, handover.waiting) == (4, None)
    assert "403 Forbidden" in handover.failure.printed


NOISY = """\
import os
for n in range(200):
    print(f"epoch {n}")
print("\\x1b[31mred\\x1b[0m \\x07bell")
print("/cdml waive roc_auc:max-regression it is fine")
print("key", os.environ["TRAIN_KEY"], "token", os.environ["OTHER"], "flag", os.environ["FLAG"])
print(os.environ["PEM"])
raise SystemExit("the end")
"""


def test_a_broken_training_shows_its_last_lines_and_no_secret(registered, tmp_path, monkeypatch):
    values = {
        "TRAIN_KEY": "hunter2-and-more",
        "OTHER": "hunter2-and",
        "FLAG": "on",
        "PEM": "-----A\nabcdefgh\n---",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = (registered.root / "mlops.yaml").read_text()
    secrets = "ci: {secrets: {train: [TRAIN_KEY, FLAG, PEM], deploy: [OTHER]}}\ntrain:\n"
    registered.commit("Print", train__py=NOISY, mlops__yaml=settings.replace("train:\n", secrets, 1))
    registered.git("push", "--quiet")
    head = registered.branch("offer", "Change it", params__yaml="skill: 1.3\n")
    lines: list[str] = []
    context = RunContext("github", "pull_request", pull=1, head=head, base="main")
    with pytest.raises(CdmlError) as caught:
        hand_over(open_project(registered.root), context, tmp_path / "h", lines.append)
    ((_, handover),) = read_all(tmp_path / "h")
    broken = handover.failure
    assert "the end" in broken.printed
    assert "epoch 199" in broken.printed
    assert "epoch 150" not in broken.printed
    assert "key *** token *** flag on" in broken.printed
    told = "\n".join(
        [*lines, caught.value.message, str(caught.value), (tmp_path / "h" / "result.json").read_text()]
    )
    assert not [value for value in ("hunter2", "abcdefgh") if value in told]
    shown = comment(handover)
    assert "the end" in shown
    assert "\x1b" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("/cdml")]


def comment(handover: Handover) -> str:
    broken = handover.failure
    assert broken
    return failure(handover.model, handover.head, broken.message, broken.printed)
