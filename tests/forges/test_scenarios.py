"""What must hold of every hosted forge alike: one comment, refusals in words, and no token in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forge_server import Seen
from rigs import RIGS
from rigs.base import ADA, BOB, BOT, EVE, Rig

from cdml.core.errors import CdmlError, ExternalError, UsageError
from cdml.forges.base import Forge, Status

MARK = "<!-- cdml:churn -->"
GREEN = Status("cdml", "success", "2 gates pass", "https://ci.example/runs/7")


@pytest.fixture(params=RIGS)
def rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> Iterator[Rig]:
    made = RIGS[request.param](tmp_path, monkeypatch)
    reason = made.unsupported.get(request.function.__name__)
    if reason:
        pytest.skip(reason)
    with made.server:
        made.add_branch("feature")
        yield made
    assert made.server.violations == []


@pytest.fixture
def pull(rig: Rig) -> int:
    return rig.add_pull("feature")


def test_a_comment_is_created_once_and_then_edited_in_place(rig: Rig, pull: int) -> None:
    first = rig.forge().comment(pull, f"{MARK}\nfirst", MARK)
    again = rig.forge().comment(pull, "second", MARK)
    assert (first.id, first.author, first.edited) == (again.id, rig.author(BOT), False)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nsecond")]
    found = rig.forge().find_comment(pull, first.id)
    assert (found.author, found.body, found.edited) == (rig.author(BOT), f"{MARK}\nsecond", True)


def test_the_same_words_again_write_nothing(rig: Rig, pull: int) -> None:
    rig.forge().comment(pull, "words\n", MARK)
    before = _writes(rig)
    rig.forge().comment(pull, "words\n", MARK)
    assert _writes(rig) == before == 1


def test_nobody_elses_comment_is_taken_for_ours(rig: Rig, pull: int) -> None:
    rig.add_comment(pull, f"{MARK}\nmine now", EVE)
    rig.add_comment(pull, f"{MARK}\nmine too", ADA)
    rig.add_comment(pull, f"I like {MARK}", BOT)
    rig.forge().comment(pull, "ours", MARK)
    rig.forge().comment(pull, "ours again", MARK)
    assert rig.comments(pull) == [
        (EVE, f"{MARK}\nmine now"),
        (ADA, f"{MARK}\nmine too"),
        (BOT, f"I like {MARK}"),
        (BOT, f"{MARK}\nours again"),
    ]


def test_a_bot_with_another_name_keeps_its_own_comment(rig: Rig, pull: int) -> None:
    rig.rename("our-app")
    rig.forge().comment(pull, "one", MARK)
    rig.forge().comment(pull, "two", MARK)
    rig.forge(BOB).comment(pull, "bob's", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\ntwo"), (BOB, f"{MARK}\nbob's")]


def test_two_runs_at_once_end_with_one_comment(rig: Rig, pull: int) -> None:
    other = rig.forge()
    rig.server.once_before(*rig.operations["create comment"], lambda: other.comment(pull, "quicker", MARK))
    rig.forge().comment(pull, "slower", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nslower")]


def test_a_comment_that_is_deleted_meanwhile_is_written_again(rig: Rig, pull: int) -> None:
    old = rig.forge().comment(pull, "old", MARK)
    rig.server.once_before(*rig.operations["edit comment"], lambda: rig.delete_comment(pull, old.id))
    rig.forge().comment(pull, "new", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nnew")]


def test_several_models_keep_a_comment_each(rig: Rig, pull: int) -> None:
    for model in ("churn", "fraud", "churn-2", "churn"):
        rig.forge().comment(pull, f"of {model}", f"<!-- cdml:{model} -->")
    assert [body.splitlines()[0] for _, body in rig.comments(pull)] == [
        f"<!-- cdml:{model} -->" for model in ("churn", "fraud", "churn-2")
    ]


def test_a_comment_on_the_second_page_is_found(rig: Rig, pull: int) -> None:
    rig.uncheck()
    for number in range(130):
        rig.add_comment(pull, f"comment {number}")
    rig.forge().comment(pull, "first", MARK)
    rig.forge().comment(pull, "second", MARK)
    assert rig.comments(pull)[130:] == [(BOT, f"{MARK}\nsecond")]
    assert len(rig.forge().comments(pull)) == 131


def test_a_thousand_comments_cost_at_most_twelve_requests(rig: Rig, pull: int) -> None:
    rig.uncheck()
    for number in range(999):
        rig.add_comment(pull, f"comment {number}")
    rig.add_comment(pull, f"{MARK}\nfirst", BOT)
    rig.forge().comment(pull, "second", MARK)
    assert rig.comments(pull)[999] == (BOT, f"{MARK}\nsecond")
    assert len(rig.server.seen) <= 12


def test_a_comment_whose_id_is_known_is_found_without_reading_the_others(rig: Rig, pull: int) -> None:
    made = rig.forge().comment(pull, "first", MARK)
    before = len(rig.server.seen)
    assert rig.forge().comment(pull, "second", MARK, made.id).id == made.id
    listed = [seen for seen in rig.server.seen[before:] if _is(rig, "list comments", seen)]
    assert (rig.comments(pull), listed) == ([(BOT, f"{MARK}\nsecond")], [])


def test_an_id_that_is_gone_or_somebody_elses_is_not_written_to(rig: Rig, pull: int) -> None:
    foreign = rig.add_comment(pull, f"{MARK}\nmine now", EVE)
    mine = rig.forge().comment(pull, "ours", MARK, foreign)
    assert rig.comments(pull) == [(EVE, f"{MARK}\nmine now"), (BOT, f"{MARK}\nours")]
    rig.delete_comment(pull, mine.id)
    rig.forge().comment(pull, "ours again", MARK, mine.id)
    assert rig.comments(pull) == [(EVE, f"{MARK}\nmine now"), (BOT, f"{MARK}\nours again")]


def test_any_text_arrives_as_it_was_written(rig: Rig, pull: int) -> None:
    rig.forge().comment(pull, "nul \0 half \udc80 ünï 🟡 </details> @ada #1 /cdml help", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nnul  half ? ünï 🟡 </details> @ada #1 /cdml help")]
    rig.forge().comment(pull, "x" * (rig.forge().dialect.longest - len(MARK) - 1), MARK)
    rig.forge().comment(pull, "a line of ä\n" * (rig.forge().dialect.longest // 10), "<!-- cdml:long -->")
    (_, kept), (_, cut) = rig.comments(pull)
    assert kept == f"{MARK}\n" + "x" * (rig.forge().dialect.longest - len(MARK) - 1)
    assert len(cut) <= rig.forge().dialect.longest
    assert "too long" in cut.splitlines()[-1]


def test_a_status_is_set_and_read_with_its_link(rig: Rig, pull: int) -> None:
    head = rig.forge().pull(pull).head
    gate = Status("cdml: roc_auc:max-regression", "failure", "0.03 worse, 0.01 is allowed " + "x" * 400)
    rig.forge().set_status(head, Status("cdml", "pending", "training"))
    rig.forge().set_status(head, gate, GREEN)
    mine, other = rig.forge().statuses(head)
    assert mine == GREEN
    assert (other.context, other.state) == (gate.context, "failure")
    assert other.description.startswith("0.03 worse, 0.01 is allowed xxx")


def test_a_pull_request_is_opened_found_updated_and_closed(rig: Rig) -> None:
    made = rig.forge().open_pull("feature", "main", "A better\nmodel", "because")
    again = rig.forge().open_pull("feature", "main", "A still better model", "because")
    assert (made.number, made.source, made.target, made.state) == (again.number, "feature", "main", "open")
    assert (made.title, again.title, made.author) == ("A better model", "A still better model", rig.author(BOT))
    assert rig.forge().pulls() == (again,)
    moved = rig.push("feature")
    assert rig.forge().pull(made.number).head == moved
    closed = rig.forge().close_pull(made.number, "superseded")
    assert (closed.state, rig.forge().pulls()) == ("closed", ())
    assert rig.comments(made.number) == [(BOT, "superseded")]
    assert rig.forge().pulls("closed") == (closed,)


def test_only_the_head_that_was_reviewed_is_merged(rig: Rig, pull: int) -> None:
    reviewed = rig.forge().pull(pull).head
    rig.push("feature")
    with pytest.raises(ExternalError, match=f"now offers .*, not {reviewed[:7]}; nothing has changed"):
        rig.forge().merge(pull, "merge", reviewed)
    assert rig.forge().pull(pull).state == "open"
    done = rig.forge().merge(pull, "squash", rig.forge().pull(pull).head)
    assert (done.state, rig.forge().pull(pull).state) == ("merged", "merged")
    assert done.merged_as


def test_the_files_of_a_pull_request_are_named(rig: Rig, pull: int) -> None:
    assert rig.forge().files(pull) == ("params.yaml", "train.py")


def test_one_key_has_one_open_issue(rig: Rig) -> None:
    first = rig.forge().open_issue("churn:drift", "Drift", "of age")
    again = rig.forge().open_issue("churn:drift", "Drift", "of age and region")
    assert (first.number, again.body, again.open) == (again.number, "of age and region", True)
    other = rig.forge().open_issue("churn:register", "No version", "a gate fails")
    assert rig.forge().issues() == (other, again)
    closed = rig.forge().close_issue("churn:drift")
    assert closed is not None
    assert (closed.number, closed.open) == (first.number, False)
    assert rig.forge().close_issue("churn:drift") is None
    assert rig.forge().open_issue("churn:drift", "Drift", "again").number != first.number


def test_who_may_write_is_asked_of_the_forge(rig: Rig) -> None:
    assert [rig.forge().may_write(rig.author(who)) for who in (ADA, BOB, EVE)] == [True, True, False]
    assert not rig.forge().may_write("nobody/../ada?x=1")


def test_a_command_is_read_by_its_id_and_answered_with_signs(rig: Rig, pull: int) -> None:
    identity = rig.add_comment(pull, "/cdml help", ADA)
    found = rig.forge().find_comment(pull, identity)
    assert (found.author, found.body, found.edited) == (rig.author(ADA), "/cdml help", False)
    rig.forge().react(pull, identity, "seen")
    rig.forge().react(pull, identity, "done")
    assert rig.reactions(pull, identity) >= {"seen"}
    rig.change_comment(pull, identity, "/cdml promote production")
    assert rig.forge().find_comment(pull, identity).edited


def test_a_comment_of_another_pull_request_is_not_found(rig: Rig, pull: int) -> None:
    rig.add_branch("other")
    other = rig.add_pull("other")
    identity = rig.add_comment(other, "/cdml help")
    for wrong in (identity, 987_654):
        with pytest.raises(UsageError, match=f"has no comment {wrong}"):
            rig.forge().find_comment(pull, wrong)


# What goes wrong: (operation, what is done, the right that it takes).
ACTS: dict[str, tuple[str, Callable[[Forge, int], object], str]] = {
    "comment": ("create comment", lambda forge, pull: forge.comment(pull, "x", MARK), "comment"),
    "status": ("set status", lambda forge, pull: forge.set_status(forge.pull(pull).head, GREEN), "status"),
    "merge": ("merge", lambda forge, pull: forge.merge(pull, "merge"), "merge"),
    "issue": ("open issue", lambda forge, pull: forge.open_issue("k", "t", "b"), "issue"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_permission_that_was_lost_is_named(rig: Rig, pull: int, act: str) -> None:
    rig.forge().comment(pull, "before", "<!-- cdml:other -->")
    rig.deny()
    _, do, right = ACTS[act]
    with pytest.raises(ExternalError) as caught:
        do(rig.forge(), pull)
    assert rig.rights[right] in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
@pytest.mark.parametrize("act", ["comment", "status"])
def test_a_refusal_is_an_error_in_words_and_is_not_tried_again(
    rig: Rig, pull: int, naps: list[float], act: str, status: int
) -> None:
    operation, do, _ = ACTS[act]
    method, path = rig.operations[operation]
    rig.server.fail(method=method, path=path, status=status, message=f"no, {rig.token}", times=9)
    with pytest.raises(ExternalError, match=str(status)) as caught:
        do(rig.forge(), pull)
    assert len([seen for seen in rig.server.seen if _is(rig, operation, seen)]) == 1
    assert naps == []
    _assert_hidden(rig, caught.value)


def test_too_many_requests_wait_as_long_as_they_are_told(rig: Rig, pull: int, naps: list[float]) -> None:
    method, path = rig.operations["create comment"]
    rig.server.fail(method=method, path=path, status=429, headers=dict(rig.rate_limit), times=2)
    rig.forge().comment(pull, "at last", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nat last")]
    assert len(naps) == 2
    assert all(1 <= nap <= 4 for nap in naps)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_reading_survives_a_server_that_stumbles(rig: Rig, pull: int, naps: list[float], status: int) -> None:
    method, path = rig.operations["list comments"]
    rig.server.fail(method=method, path=path, status=status, times=2)
    rig.forge().comment(pull, "written", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nwritten")]
    assert len(naps) == 2


@pytest.mark.parametrize("kind", ["status", "cut", "cut-after", "slow"])
def test_a_write_whose_outcome_is_unknown_is_not_repeated_and_the_next_run_makes_it_one(
    rig: Rig, pull: int, naps: list[float], kind: str
) -> None:
    method, path = rig.operations["create comment"]
    rig.server.fail(method=method, path=path, kind=kind, status=502)
    with pytest.raises(ExternalError) as caught:
        rig.forge(hurried=True).comment(pull, "perhaps", MARK)
    assert naps == []
    _assert_hidden(rig, caught.value)
    rig.forge().comment(pull, "surely", MARK)
    assert rig.comments(pull) == [(BOT, f"{MARK}\nsurely")]


def test_a_connection_that_is_cut_while_reading_is_tried_again(rig: Rig, pull: int, naps: list[float]) -> None:
    method, path = rig.operations["read pull"]
    rig.server.fail(method=method, path=path, kind="cut", times=2)
    assert rig.forge().pull(pull).number == pull
    assert len(naps) == 2


def test_a_page_that_is_no_answer_of_the_forge_is_said(rig: Rig, pull: int) -> None:
    method, path = rig.operations["read pull"]
    rig.server.fail(method=method, path=path, status=200, body={"login": "please"})
    with pytest.raises(ExternalError, match="is not what this forge's API says"):
        rig.forge().pull(pull)


def test_a_pull_request_that_is_not_there_is_a_mistake_of_the_user(rig: Rig) -> None:
    with pytest.raises(UsageError, match="999"):
        rig.forge().pull(999)


def test_the_token_shows_nowhere(rig: Rig, pull: int, capfd: pytest.CaptureFixture[str]) -> None:
    forge = rig.forge()
    forge.comment(pull, "words", MARK)
    rig.server.fail(status=500, message=f"broken by {rig.token}", times=99)
    for act in (forge.pulls, lambda: forge.comment(pull, "more", MARK), lambda: forge.set_status("a" * 40, GREEN)):
        with pytest.raises(CdmlError) as caught:
            act()
        _assert_hidden(rig, caught.value)
    shown = "".join(capfd.readouterr())
    assert rig.token not in shown + repr(forge) + repr(vars(forge)) + repr(vars(getattr(forge, "api", forge)))


def _is(rig: Rig, operation: str, seen: Seen) -> bool:
    method, path = rig.operations[operation]
    return seen.method == method and re.fullmatch(path, seen.path) is not None


def _writes(rig: Rig) -> int:
    """How many requests created or changed a comment."""
    return sum(_is(rig, f"{act} comment", seen) for act in ("create", "edit") for seen in rig.server.seen)


def _assert_hidden(rig: Rig, error: CdmlError) -> None:
    chain: BaseException | None = error
    while chain is not None:
        assert rig.token not in f"{chain!r} {chain}"
        chain = chain.__cause__
    assert rig.token not in f"{error.message} {error.hint}"
