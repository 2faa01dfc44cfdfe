"""Whatever names, values, labels and logs hold, a page has the elements that harmless words would give it."""

from __future__ import annotations

import re
import unicodedata

from html_page import Page as HtmlPage
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendered import Page, rendered
from strange import Shape, shapes, some_words, strange, words

from cdml.core.comparison import Direction, Interval, Judgement, MetricResult, Outcome, Verdict
from cdml.core.dialect import Dialect
from cdml.core.observation import ColumnDrift, Observation, Performance, Seen
from cdml.core.release import Artifact, ReleaseRecord
from cdml.core.run import Around
from cdml.core.settings import DeploySettings, Gate
from cdml.reports import escape, observation, shorten
from cdml.reports.html import report
from cdml.reports.markdown import comment, failure, issue, promotion, summary, waiting
from cdml.reports.terminal import table

ROOMY = Dialect(longest=10**9)
SMALL = Shape(1, 2, 3, 3, 1, 1, 1, 4, False, False, True)
RICH = Shape(3, 3, 3, 3, 4, 2, 1, 4, False, False, True)
EVIL = "a|b`c<img src=x>\n# h @owner *x* [l](http://e.example) #12 --> \x1b[31m\u202eabc"
# What forges make of plain text beyond the parser: people, issues and the like, signs in colons.
REFERENCES = re.compile(r"@\w|[#!%~$^&][\w\"]|GH-\d|:[\w+-]+:(?!\d)|://|www\.", re.IGNORECASE)
SIGNS = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # what a terminal obeys, and what turns the direction of writing
COMMANDS = re.compile(r"^\s*/[A-Za-z]\w*(\s|$)", re.MULTILINE)


def _same(hostile: str, harmless: str) -> None:
    page, plain = rendered(hostile), rendered(harmless)
    assert _outline(page) == _outline(plain)
    assert page.stray == page.open == []
    assert not COMMANDS.search(hostile)
    assert not REFERENCES.search(page.text), page.text


def _outline(page: Page) -> list[object]:
    """Elements and their attributes; the marker names the model, so its words differ."""
    return [tag if tag == "comment" else (tag, attrs) for tag, attrs in page.elements]


def _pages(judgement: Judgement, around: Around) -> list[str]:
    narrow = Dialect(longest=10**9, mermaid=False, folds=False)
    return [
        comment(judgement, dialect=ROOMY, around=around),
        comment(judgement, dialect=narrow, around=around),
        issue(judgement, "4f2a9c1", dialect=ROOMY, around=around)[1],
    ]


@settings(max_examples=30)
@given(shapes, some_words)
@example(SMALL, [EVIL])
@example(RICH, [EVIL])
@example(SMALL, ["_www.e.example _GH-12 x"])
@example(SMALL, ["/cdml waive f1:min because of this x"])
def test_a_comment_has_no_element_that_harmless_words_would_not_give(shape: Shape, texts: list[str]) -> None:
    for hostile, harmless in zip(
        _pages(*strange(shape, texts)), _pages(*strange(shape, ["word"] * len(texts))), strict=True
    ):
        _same(hostile, harmless)


@settings(max_examples=15)
@given(shapes, words.map(lambda word: f"{word}x"))
@example(RICH, EVIL)
@example(RICH, "</td><b>{{ 7 * 7 }} [= 7 * 7 =]x")
def test_a_report_and_a_terminal_show_words_alone(shape: Shape, text: str) -> None:
    hostile, harmless = (HtmlPage(report(*strange(shape, [word]))) for word in (text, "word"))
    assert hostile.shape == harmless.shape
    assert hostile.complaints == []
    assert not SIGNS & set(map(unicodedata.category, table(strange(shape, [text])[0], False).replace("\n", " ")))


def _looked(word: str, columns: int) -> Observation:
    """A look at production where every text that a file or mlops.yaml could hold is this word."""
    found = ColumnDrift(word, "feature", "number", 500, Seen.DRIFT, 0.001, 0.4, word, word)
    metric = MetricResult(word, Direction.HIGHER, 0.9, 0.8, -0.1, Interval(-0.2, 0, 0.95), None, 500, word)
    metrics = (metric, MetricResult(word, Direction.LOWER, None, None, None, None, None, 0, word))
    verdicts = tuple(Verdict(Gate("min", word, 0.9), outcome, word, word) for outcome in Outcome)
    labelled = Performance(500, 600, word, f"{word}2", metrics, verdicts)
    return Observation(word, word, word, 2, word, f"{word}2", 500, (found,) * columns, labelled, (word, word))


@given(words.map(lambda word: f"{word}x"))
@example(EVIL)
@example("1. - [ ] # > /cdml retrain x")
def test_what_was_seen_of_production_is_words_alone(text: str) -> None:
    for page in (observation.page, lambda seen: observation.issue(seen, retrain=True)[1]):
        _same(page(_looked(text, 2)), page(_looked("word", 2)))
    title, _ = observation.issue(_looked(text, 2), retrain=False)
    shown = f"{title} {observation.table(_looked(text, 2), False)}".replace("\n", " ")
    assert not SIGNS & set(map(unicodedata.category, shown))


@settings(max_examples=10)
@given(words.map(lambda word: f"{word}x"), st.integers(shorten.SHORTEST, 70_000))
@example("|" * 300, shorten.SHORTEST)
@example("|" * 300, 65_536)
def test_an_issue_of_production_fits_and_is_whole(text: str, longest: int) -> None:
    _, body = observation.issue(_looked(text, 30), Dialect(longest=longest), retrain=True)
    assert shorten.length(body) <= longest
    assert rendered(body).text.endswith("when there is no drift any more.\n")
    assert rendered(body).tags().count("tr") in (0, 3, 21, 24)


def _outline_of_log(page: Page) -> list[str]:
    return [tag for tag in page.tags() if tag != "comment"]


@given(words.map(lambda word: f"{word}x"), st.lists(words, max_size=40))
@example("x", ["```", "</details>", "/cdml waive f1:min because", "~~~~", "````", "/merge"])
def test_a_failing_log_stays_in_its_block(message: str, log: list[str]) -> None:
    first = " ".join(message.split()) or "x"
    hostile = failure(first, first, first, "\n".join(log) + "\nend")
    harmless = failure("word", "word", "word", "\n".join("x" for _ in "\n".join(log).split("\n")) + "\nend")
    page = rendered(hostile)
    assert [tag for tag in _outline_of_log(page) if tag != "code"] == [
        tag for tag in _outline_of_log(rendered(harmless)) if tag != "code"
    ]
    assert not COMMANDS.search(hostile)
    assert not REFERENCES.search(page.text), page.text


@given(words.map(lambda word: f"{word}x"))
@example("Start it: `/cdml evaluate`. x")
@example("/cdml evaluate x")
def test_what_is_waited_for_may_quote_a_command_and_nothing_else(said: str) -> None:
    page = rendered(waiting(said, said, said))
    assert [tag for tag in page.tags() if tag != "code"] == rendered(waiting("word", "word", "word")).tags()
    assert not COMMANDS.search(waiting(said, said, said))
    assert not REFERENCES.search(page.text), page.text


@settings(max_examples=30)
@given(words.map(lambda word: f"{word}x"), shapes)
def test_a_promotion_holds_only_what_it_says(text: str, shape: Shape) -> None:
    def page(word: str) -> str:
        artifact = Artifact(word, word, 1)
        record = ReleaseRecord(
            model=word,
            version=word,
            commit=word,
            artifact=artifact,
            inputs=word,
            data={},
            verdicts={},
            deploy=DeploySettings("local", {}),
            champion=None,
            previous=None,
            hold=word,
            action="promote",
            who=word,
            why=word,
        )
        judgement, around = strange(shape, [word])
        return promotion(record, record, judgement, word, dialect=ROOMY, around=around)

    _same(page(text), page("word"))


@given(words)
def test_an_address_is_followed_only_where_it_is_one(url: str) -> None:
    for address in (url, f"https://e.example/{url}", f"javascript:{url}", f"http://{url}"):
        page = rendered(f"a {escape.link('run', address)} b")
        links = [attrs for tag, attrs in page.elements if tag == "a"]
        assert page.tags() in (["p"], ["p", "a"])
        assert all(re.match(r"https?://[^/@]+", str(dict(attrs)["href"])) for attrs in links)
        assert page.text.split() in (["a", "b"], ["a", "run", "b"])
    assert (
        escape.link("run", "https://e.example/a b(c)?x=1&y=2")
        == "[run](https://e.example/a%20b%28c%29?x=1&amp;y=2)"
    )
    for refused in (
        "javascript:alert(1)",
        "javascript://e.example/x",
        "https://user:token@e.example/",
        "https://",
        "ftp://e.example",
        "https://[::",
    ):
        assert escape.link("run", refused) == ""


def test_a_summary_has_room_for_more_than_a_comment() -> None:
    judgement, around = strange(Shape(3, 12, 61, 20, 8, 3, 12, 20, False, False, True), ["|" * 200])
    assert len(comment(judgement, around=around)) < len(summary(judgement, around)) < 2**20
