"""What people read when mlops.yaml is wrong: every problem at once, each with its line, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.config.load import parse
from cdml.core.errors import ConfigError
from cdml.core.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
VALID = (
    "model: m\ntrain:\n  cmd: c\n  outs: [o]\nevaluate:\n  data: d.csv\n  target: t\n"
    "environments:\n  a:\n    deploy: {target: local, port: 1}\n"
)


def said(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_every_problem_at_once(name: str) -> None:
    lines = said((GOLDEN / f"{name}.yaml").read_text("utf-8"))
    assert lines == (GOLDEN / f"{name}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty. `cdml init` writes one."),
        ("# nothing\n", 1, "is empty."),
        ("- 1\n", 1, "must be a mapping of keys"),
        ("text\n", 1, "must be a mapping of keys"),
        ("a:\n\tb: 1\n", 2, "a tab stands where YAML wants spaces"),
        ('a: 1\nb: "x\nc: 1\n', 2, "the quote that opens here is never closed"),
        ("a: 1\nb: [1, 2\nc: 3\n", 2, "a bracket that opens here is not closed"),
        ("a: 1\nb: 2\na: 3\n", 3, 'the key "a" stands here twice'),
        ("a: 1\n---\nb: 1\n", 2, "a second document begins here"),
        ("a: 1\nb: @team\n", 2, "a value cannot begin with '@'. Put it in quotes."),
        ("a: 1\nb 2\nc: 3\n", 2, "this line is neither a key with its ':' nor an item of a list"),
        ("a: b: c\n", 1, "a colon stands where no key can."),
        ("a: &x [1]\n", 1, "anchors, aliases and merges"),
        ("a: 1\n<<: {b: 1}\n", 2, "anchors, aliases and merges"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            1,
            "the tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: 1\nb: \x07\n", 2, "holds a character that YAML does not allow"),
    ],
)
def test_text_that_is_no_mlops_yaml(text: str, line: int, words: str) -> None:
    first, *rest = said(text)
    assert first.startswith(f"mlops.yaml:{line}: {words}")
    assert not rest


def test_bombs_are_refused_at_once() -> None:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "aliases" in said("a0: &a0 x\n" + "\n".join(lines))[0]
    assert said("model: " + "9" * 5000)[0].startswith("mlops.yaml: cannot be read")
    assert said("a: " + "[" * 100_000) == ["mlops.yaml:1: is nested more than 30 levels deep"]
    assert "more than 131,072 characters" in said("#" * ((1 << 17) + 1))[0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "  outs: [o]\n",
            "",
            "2: train.outs: is missing: `cmd` needs the files that it writes, the model among them",
        ),
        ("  cmd: c\n  outs: [o]\n", "  deps: [x]\n", "train.deps: belongs to `cmd`, but there is no train.cmd"),
        ("  target: t\n", "", "5: evaluate: needs `target` for the built-in evaluator."),
        ("[o]", "[o, p]", "register.artifact: is missing: train has 2 outs."),
        ("[o]", "[o, o/p]", "4: train.outs[1]: 'o/p' overlaps with 'o' of train.outs: an output has one owner"),
        (
            "[o]",
            "[reports]",
            "evaluate.predictions: 'reports/predictions.csv' overlaps with 'reports' of train.outs",
        ),
        ("  a:\n", "  none:\n", "9: environments.none: 'none' is a word with a meaning of its own"),
        (
            "  a:\n",
            "  a/b:\n    branch: release/a/b\n  a:\n",
            "environments.a: its branch 'release/a' cannot stand beside",
        ),
        (
            "model: m",
            "model: m\nci: {main: release/a}",
            "environments.a: its branch 'release/a' is the main branch",
        ),
        ("port: 1", "port: 1, hosst: x", "'hosst' is not a key of environments.a.deploy. Did you mean 'host'?"),
        ("port: 1", "x: 1", "10: environments.a.deploy: 'port' is missing"),
        ("d.csv", "'${data}'", "6: evaluate.data: '${data}' holds DVC's templating"),
        ("d.csv", "s3://x/y", "6: evaluate.data: 's3://x/y' is a URL"),
        ("d.csv", "a\\b.csv", "6: evaluate.data: 'a\\\\b.csv' holds a backslash: write 'a/b.csv'"),
        ("d.csv", "./", "6: evaluate.data: './' is the whole folder"),
        (
            "  target: t",
            "  target: t\n  task: regression\n  positive: 1",
            "positive: has no meaning for a regression task",
        ),
        ("model: m", '"mo\\e[31mdel": m', "1: 'mo\\x1b[31mdel':"),
    ],
)
def test_rules_between_keys(old: str, new: str, words: str) -> None:
    text = VALID.replace(old, new, 1)
    assert text != VALID
    assert any(words in line for line in said(text)), said(text)


def test_stages_and_an_inline_stage_cannot_share_dvc_yaml() -> None:
    text = VALID.replace("  cmd: c\n  outs: [o]\n", "  stages: [t]\n") + "register: {artifact: o}\n"
    (line,) = said(text)
    assert line.startswith(
        "mlops.yaml:3: train.stages: names stages of your own dvc.yaml, but evaluate's stage would"
    )
    assert "`cdml evaluator --spec 1`" in line
    assert isinstance(parse(text.replace("[t]", "['prepare/dvc.yaml:t']")), Settings)


def test_a_misspelled_key_is_not_missing_as_well() -> None:
    assert said(VALID.replace("model:", "modle:")) == [
        "mlops.yaml:1: modle: 'modle' is not a key of this file. Did you mean 'model'?"
    ]


@given(st.text(max_size=200))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert caught.value.problems


@given(st.integers(0, len(VALID) - 1), st.sampled_from([*"\t\n:[]{}'\"&*!|>%@`#-? \x00é", ""]))
def test_no_slip_of_the_finger_ends_in_a_traceback(place: int, slip: str) -> None:
    text = VALID[:place] + slip + VALID[place + 1 :]
    try:
        found = parse(text).model
    except ConfigError as error:
        found = "".join(p.message for p in error.problems)
    assert found
