"""Merge requests and merging on GitLab, over a real bare repository where git decides."""

from __future__ import annotations

import pytest
from gitlab_state import MAINTAINER
from people import Person, git
from rigs.gitlab import GitlabRig

from cdml.ci.gitlab_run import TRAIN_LABEL
from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import MergeMethod

METHODS: tuple[MergeMethod, ...] = ("merge", "squash")


@pytest.fixture
def hosted(gitlab: GitlabRig, ada: Person) -> GitlabRig:
    """GitLab with the bare repository behind it."""
    gitlab.lab.repo = ada.bare
    return gitlab


def test_what_cannot_be_offered_is_said(hosted: GitlabRig, ada: Person) -> None:
    forge = hosted.forge()
    ada.push("same", {"a.txt": "new\n"})
    ada.git("push", "--quiet", "origin", "origin/main:refs/heads/even")
    with pytest.raises(UsageError, match="cannot be merged into itself"):
        forge.open_pull("main", "main", "t", "")
    with pytest.raises(UsageError, match="nothing to merge: main already has every commit of even"):
        forge.open_pull("even", "main", "t", "")
    for source, target in (("nowhere", "main"), ("same", "nowhere"), ("same", "a/b#c?d")):
        with pytest.raises(UsageError, match="acme/churn has no branch"):
            forge.open_pull(source, target, "t", "")
    with pytest.raises(UsageError, match="needs a title"):
        forge.open_pull("same", "main", " \n", "")
    assert hosted.server.asked("POST") == []


def test_a_branch_without_a_common_history_can_be_offered(hosted: GitlabRig, ada: Person) -> None:
    root = ada.git("commit-tree", ada.git("rev-parse", "HEAD^{tree}"), "-m", "a root of its own")
    ada.git("push", "--quiet", "origin", f"{root}:refs/heads/orphan")
    assert hosted.forge().open_pull("orphan", "main", "t", "").head == root


def test_a_branch_with_a_slash_is_offered(hosted: GitlabRig, ada: Person) -> None:
    head = ada.push("cdml/promote/churn", {"b.txt": "new\n"})
    made = hosted.forge().open_pull("cdml/promote/churn", "main", "x" * 300, "why")
    assert (made.source, made.head, made.body) == ("cdml/promote/churn", head, "why")
    assert made.title == "x" * 254 + "…"
    assert made.url == "https://gitlab.com/acme/churn/-/merge_requests/1"


def test_somebody_who_opens_it_first_is_followed(hosted: GitlabRig, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hosted.server.once_before(*hosted.operations["open pull"], lambda: hosted.add_pull("feature", who="bob"))
    made = hosted.forge().open_pull("feature", "main", "Mine", "")
    assert (made.number, made.title, made.author) == (1, "Mine", "bob")


def test_a_forks_branch_does_not_pass_for_ours(hosted: GitlabRig, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    head = ada.push("theirs", {"c.txt": "new\n"})
    hosted.lab.add_pull("feature", login="eve", fork=True, sha=head)
    found = hosted.forge().pull(1)
    assert not [path for path in hosted.server.asked() if "/branches/" in path]
    assert (found.source, found.fork, found.head) == ("eve:feature", True, head)
    assert hosted.forge().open_pull("feature", "main", "Ours", "").number == 2


def test_the_head_is_that_of_the_branch_before_gitlab_has_noticed_a_push(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.lag = 99
    pushed = gitlab.push("feature")
    assert gitlab.lab.pulls[number]["sha"] != pushed
    assert gitlab.forge().pull(number).head == pushed
    assert gitlab.forge().open_pull("feature", "main", "t", "").head == pushed


def test_a_branch_that_is_gone_leaves_the_head_that_gitlab_knows(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    head = gitlab.lab.branches.pop("feature")
    assert gitlab.forge().pull(number).head == head


def test_whether_it_can_be_merged_is_told_where_gitlab_knows_it(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    assert gitlab.forge().pull(number).mergeable is True
    gitlab.lab.holds_back = {number: "not_approved"}
    assert gitlab.forge().pull(number).mergeable is True
    gitlab.lab.unknown = 1
    assert gitlab.forge().pull(number).mergeable is None
    gitlab.lab.unknown, gitlab.lab.conflicts = 0, {number}
    assert gitlab.forge().pull(number).mergeable is False


def test_states_are_told_apart(hosted: GitlabRig, ada: Person) -> None:
    forge = hosted.forge()
    for name in ("merged", "closed", "open"):
        ada.push(name, {f"{name}.txt": "x\n"})
        forge.open_pull(name, "main", name, "")
    forge.merge(1, "merge")
    assert forge.close_pull(2, "no longer wanted").state == "closed"
    assert [comment.body for comment in forge.comments(2)] == ["no longer wanted"]
    assert [[p.number for p in forge.pulls(s)] for s in ("open", "merged", "closed", None)] == [
        [3],
        [1],
        [2],
        [3, 2, 1],
    ]
    for act in (lambda n: forge.close_pull(n, "x"), lambda n: forge.merge(n, "merge")):
        with pytest.raises(UsageError, match="!1 is merged already"):
            act(1)
        with pytest.raises(UsageError, match="!2 is closed already"):
            act(2)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_merges(hosted: GitlabRig, ada: Person, method: MergeMethod) -> None:
    forge = hosted.forge()
    ada.push("feature", {"b.txt": "new\n"}, message="first step")
    head = ada.push("feature", {"a.txt": "one\ntwo\nTHREE\n"}, base="origin/feature", message="second step")
    ada.push("main", {"a.txt": "ONE\ntwo\nthree\n"}, message="main moves")
    forge.open_pull("feature", "main", "Better", "")
    done = forge.merge(1, method, head)
    assert (done.state, done.merged_as, done.head) == ("merged", ada.refs()["refs/heads/main"], head)
    assert forge.pull(1) == done
    assert git(ada.bare, "show", "main:a.txt") == "ONE\ntwo\nTHREE"
    assert git(ada.bare, "rev-list", "--count", "main") == {"merge": "5", "squash": "3"}[method]


def test_a_rebase_is_a_fast_forward_or_nothing(hosted: GitlabRig, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hosted.forge().open_pull("feature", "main", "Better", "")
    with pytest.raises(UsageError, match="does not merge by fast-forward"):
        hosted.forge().merge(1, "rebase")
    assert hosted.server.asked("PUT") == []
    hosted.lab.settings["merge_method"] = "ff"
    assert hosted.forge().merge(1, "rebase").merged_as == ada.refs()["refs/heads/main"]


def test_a_conflict_changes_nothing(hosted: GitlabRig, ada: Person) -> None:
    ada.push("feature", {"a.txt": "mine\n"})
    ada.push("main", {"a.txt": "theirs\n"})
    hosted.forge().open_pull("feature", "main", "Better", "")
    before = ada.refs()
    with pytest.raises(ExternalError, match=r"!1 conflicts with main; nothing has changed"):
        hosted.forge().merge(1, "merge")
    assert ada.refs() == before


def test_a_head_that_moves_while_it_is_merged_is_refused_by_gitlab(hosted: GitlabRig, ada: Person) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    hosted.forge().open_pull("feature", "main", "Better", "")
    tip = ada.refs()["refs/heads/main"]
    hosted.server.once_before(*hosted.operations["merge"], lambda: ada.push("feature", {"b.txt": "unseen\n"}))
    with pytest.raises(ExternalError, match=f"not {reviewed[:7]}; nothing has changed"):
        hosted.forge().merge(1, "merge")
    assert ada.refs()["refs/heads/main"] == tip


def test_a_head_that_gitlab_has_not_noticed_yet_keeps_the_one_before_it_from_being_merged(
    gitlab: GitlabRig,
) -> None:
    number = gitlab.add_pull("feature")
    reviewed = gitlab.forge().pull(number).head
    gitlab.lab.lag = 99
    pushed = gitlab.push("feature")
    with pytest.raises(ExternalError, match=f"now offers {pushed[:7]}, not {reviewed[:7]}; nothing has changed"):
        gitlab.forge().merge(number, "merge", reviewed)
    assert gitlab.server.asked("PUT") == []


def test_a_merge_waits_until_gitlab_has_noticed_the_push(gitlab: GitlabRig, naps: list[float]) -> None:
    number = gitlab.add_pull("feature")
    pushed = gitlab.push("feature")
    gitlab.lab.lag = 5
    done = gitlab.forge().merge(number, "merge", pushed)
    assert (done.state, done.head) == ("merged", pushed)
    assert naps == [1.0, 2.0]


def test_a_merge_waits_until_gitlab_knows_whether_it_can(gitlab: GitlabRig, naps: list[float]) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.unknown = 2
    assert gitlab.forge().merge(number, "merge").state == "merged"
    assert naps == [1.0, 2.0]


def test_a_merge_that_takes_gitlab_a_while_is_waited_for(gitlab: GitlabRig, naps: list[float]) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.merging = 2
    assert gitlab.forge().merge(number, "squash").merged_as == gitlab.lab.branches["main"]
    assert naps == [1.0, 2.0]
    gitlab.add_branch("other")
    gitlab.lab.merging = 99
    with pytest.raises(ExternalError, match="has not merged !2 yet"):
        gitlab.forge().merge(gitlab.add_pull("other"), "merge")


@pytest.mark.parametrize(
    ("state", "status", "hint"),
    [
        ("ci_must_pass", "405 Method Not Allowed", "a pipeline of its head must succeed first"),
        ("not_approved", "422 Branch cannot be merged|Branch cannot be merged", "it must be approved first"),
        ("title_regex", "Branch cannot be merged", "does not have the form"),
    ],
)
def test_rules_of_a_project_speak_for_themselves(
    gitlab: GitlabRig, naps, state: str, status: str, hint: str
) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.holds_back = {number: state}
    with pytest.raises(ExternalError, match=rf"does not merge !1 \({state}\): ({status})") as caught:
        gitlab.forge().merge(number, "merge")
    assert hint in caught.value.hint
    assert (len(gitlab.server.asked("PUT")), naps) == (1, [])


def test_what_went_wrong_while_it_was_merged_is_said_in_gitlabs_words(
    gitlab: GitlabRig, naps: list[float]
) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.settings["squash_option"] = "never"
    with pytest.raises(
        ExternalError, match=r"does not merge !1 \(mergeable\): This project does not allow squashing"
    ):
        gitlab.forge().merge(number, "squash")
    assert naps == []


def test_a_draft_is_not_merged(gitlab: GitlabRig) -> None:
    number = int(gitlab.lab.add_pull("feature", draft=True)["number"])
    assert gitlab.forge().pull(number).draft
    with pytest.raises(ExternalError, match="draft_status") as caught:
        gitlab.forge().merge(number, "merge")
    assert "mark it as ready" in caught.value.hint


def test_who_may_not_merge_into_a_protected_branch_is_told_so(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.merges_from = MAINTAINER
    with pytest.raises(
        ExternalError, match="may not merge here: it takes the role Developer and leave to"
    ) as caught:
        gitlab.forge().merge(number, "merge")
    assert "Protected branches" in caught.value.hint
    assert gitlab.forge("ada").merge(number, "merge").state == "merged"


def test_both_names_of_a_renamed_file_are_named_from_every_page(gitlab: GitlabRig) -> None:
    gitlab.uncheck()
    number = gitlab.add_pull("feature")
    gitlab.lab.files = (("old.py", "new.py"), *((f"{n:03}", f"{n:03}") for n in range(120)))
    assert set(gitlab.forge().files(number)) == {"old.py", "new.py", *(f"{n:03}" for n in range(120))}


def test_files_that_gitlab_does_not_list_are_not_passed_over(gitlab: GitlabRig) -> None:
    number = gitlab.add_pull("feature")
    gitlab.lab.counted = "1000+"
    with pytest.raises(ExternalError, match=r"changes more files than GitLab lists \(1000\+\)"):
        gitlab.forge().files(number)


def test_a_run_is_asked_for_by_a_label_and_judges_the_head_that_was_seen(gitlab: GitlabRig) -> None:
    pull = gitlab.forge().pull(gitlab.add_pull("feature"))
    inputs = {"pull": "1", "head": pull.head, "folder": "", "force": "false"}
    assert gitlab.forge().start_run(pull, inputs) == "https://gitlab.com/acme/churn/-/pipelines/500"
    assert [(made["sha"], made["labels"]) for made in gitlab.lab.pipelines] == [(pull.head, [TRAIN_LABEL])]
    gitlab.push("feature")
    with pytest.raises(ExternalError, match=f"not {pull.head[:7]}; nothing has changed"):
        gitlab.forge().start_run(pull, inputs)
    assert len(gitlab.lab.pipelines) == 1


def test_a_forks_own_pipeline_is_not_started_here(gitlab: GitlabRig) -> None:
    number = int(gitlab.lab.add_pull("feature", login="eve", fork=True, sha="e" * 40)["number"])
    pull = gitlab.forge().pull(number)
    with pytest.raises(UsageError, match="comes from a fork") as caught:
        gitlab.forge().start_run(pull, {"head": pull.head})
    assert "Run pipeline" in caught.value.hint
    assert gitlab.lab.pipelines == []
    assert gitlab.server.asked("PUT") == []
