"""mlops.yaml to Settings: the defaults, DVC's words, and files that are no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdml.config.load import load, parse
from cdml.core.errors import ConfigError
from cdml.core.settings import DeploySettings, Environment, Gate, Register, Stage

SHORTEST = """\
model: churn
train:
  cmd: python train.py
  deps: [train.py, data/train.csv]
  outs: [model.skops]
evaluate:
  data: data/test.csv
  target: churned
"""


def problems(text: str, **options: bool) -> list[str]:
    """What is wrong with a file, each problem as people read it, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse(text, **options)
    return [str(problem).removeprefix("mlops.yaml:") for problem in caught.value.problems]


def with_gates(*gates: str, metrics: str = "[roc_auc, f1]") -> str:
    lines = "".join(f"    - {{{gate}}}\n" for gate in gates)
    return f"{SHORTEST}  metrics: {metrics}\n  gates:\n{lines}"


def test_the_shortest_file_has_every_default() -> None:
    settings = parse(SHORTEST)
    assert settings.train.stage == Stage(
        "train", "python train.py", ("train.py", "data/train.csv"), {}, ("model.skops",)
    )
    assert settings.train.stages == ()
    assert settings.register == Register("model.skops", "auto")
    assert (settings.description, settings.owners, settings.ci.test, settings.ci.main) == ("", (), None, None)
    assert settings.environments == ()
    evaluate = settings.evaluate
    assert evaluate.builtin
    assert (evaluate.task, evaluate.metrics, evaluate.by, evaluate.baseline) == (None, (), (), "production")
    assert evaluate.predictions == "reports/predictions.csv"
    assert evaluate.gates == (Gate("max-regression", "", 0.01, relative=True, confidence=0.95),)


def test_the_built_in_evaluator_reruns_when_its_columns_change() -> None:
    stage = parse(f"{SHORTEST}  by: [sex]\n  positive: 1\n").evaluate.stage
    assert stage is not None
    assert stage.cmd == "cdml evaluator --spec 1"
    assert stage.deps == ("model.skops", "data/test.csv")
    assert stage.outs == ("reports/predictions.csv",)
    assert stage.params == {"mlops.yaml": ("evaluate.target", "evaluate.positive", "evaluate.by")}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[params.yaml]", {"params.yaml": ()}),
        ("[{params.yaml: }]", {"params.yaml": ()}),
        ("[a.b, c]", {"params.yaml": ("a.b", "c")}),
        ("[{params.yaml: [a, b]}, {other.json: [x]}, a]", {"params.yaml": ("a", "b"), "other.json": ("x",)}),
        ("[a, params.yaml, b]", {"params.yaml": ()}),
        ("[conf/deep.toml]", {"conf/deep.toml": ()}),
    ],
)
def test_params_in_each_of_dvcs_ways(written: str, meant: dict[str, tuple[str, ...]]) -> None:
    stage = parse(SHORTEST.replace("  outs:", f"  params: {written}\n  outs:")).train.stage
    assert stage is not None
    assert stage.params == meant


def test_own_command_writes_predictions_beside_its_outs() -> None:
    text = SHORTEST.partition("evaluate:")[0] + "evaluate:\n  cmd: python judge.py\n  outs: [plots]\n"
    evaluate = parse(text).evaluate
    assert evaluate.stage == Stage("evaluate", "python judge.py", (), {}, ("plots", "reports/predictions.csv"))
    named = parse(text + "  predictions: p.parquet\n").evaluate
    assert named.stage is not None
    assert named.stage.outs == ("plots", "p.parquet")
    assert not named.builtin


def test_stages_of_a_dvc_yaml() -> None:
    text = (
        "model: m\ntrain: {stages: [prepare, train]}\nevaluate: {stages: [judge]}\nregister: {artifact: ./m.pkl}\n"
    )
    settings = parse(text)
    assert settings.train.stages == ("prepare", "train")
    assert settings.train.stage is None
    assert settings.evaluate.stages == ("judge",)
    assert settings.evaluate.predictions is None
    assert not settings.evaluate.builtin
    assert settings.register.artifact == "m.pkl"


def test_gates_know_their_line_and_their_defaults() -> None:
    gates = parse(
        with_gates(
            "metric: f1, min: 0.5",
            "metric: f1, max-regression: 2.5%",
            "metric: roc_auc, max: 1, confidence: 0.9, on-inconclusive: fail",
            "metric: roc_auc, max-regression: 0",
        )
    ).evaluate.gates
    assert gates == (
        Gate("min", "f1", 0.5, line=11),
        Gate("max-regression", "f1", 0.025, relative=True, confidence=0.95, line=12),
        Gate("max", "roc_auc", 1.0, confidence=0.9, on_inconclusive="fail", line=13),
        Gate("max-regression", "roc_auc", 0.0, confidence=0.95, line=14),
    )
    assert parse(f"{SHORTEST}  gates: []\n").evaluate.gates == ()


def test_the_default_gate_names_the_primary_metric_where_it_is_written() -> None:
    assert [gate.metric for gate in parse(f"{SHORTEST}  metrics: [f1, roc_auc]\n").evaluate.gates] == ["f1"]


def test_environments_keep_their_order_and_complete_options() -> None:
    text = SHORTEST + (
        "environments:\n  staging:\n    deploy: {target: local, port: 8081}\n"
        "  production:\n    branch: live\n  archive:\n"
    )
    staging, production, archive = parse(text).environments
    assert staging.branch == "release/staging"
    assert staging.deploy is not None
    assert staging.deploy.target == "local"
    assert {"port": 8081, "host": "127.0.0.1"}.items() <= dict(staging.deploy.options).items()
    assert production == Environment("production", "live", None)
    assert archive == Environment("archive", "release/archive", None)
    assert isinstance(staging.deploy, DeploySettings)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.2.3", "v1.2.3"), ("v1.2.3-rc.1", "v1.2.3-rc.1"), ("latest", "latest"), ("main", "main")],
)
def test_baselines(written: str, meant: str) -> None:
    assert parse(f"{SHORTEST}  baseline: {written}\n").evaluate.baseline == meant


def test_a_projects_own_metrics_are_known_to_its_dvc_yaml_only(tmp_path: Path) -> None:
    text = (
        "model: m\ntrain: {stages: [t]}\nevaluate:\n  stages: [e]\n  gates: [{metric: profit, min: 3}]\n"
        "register: {artifact: m}\n"
    )
    assert parse(text).evaluate.gates[0].metric == "profit"
    assert problems(text, own_metrics=False)[0].startswith(
        "5: evaluate.gates[0].metric: 'profit' is not a metric."
    )
    (tmp_path / "mlops.yaml").write_text(text)
    (tmp_path / "dvc.yaml").write_text("stages:\n  e: {cmd: x, outs: [a]}\n")
    with pytest.raises(ConfigError, match="1 problem"):
        load(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages:\n  e: {cmd: x, metrics: [a.json]}\n")
    assert load(tmp_path).evaluate.gates[0].limit == 3


def test_a_metric_that_nobody_measures() -> None:
    assert problems(with_gates("metric: accuracy, min: 1")) == [
        "11: evaluate.gates[0].metric: 'accuracy' is not among evaluate.metrics. Add accuracy to them."
    ]
    assert problems(with_gates("metric: rocauc, min: 1")) == [
        "11: evaluate.gates[0].metric: 'rocauc' is not a metric. Did you mean 'roc_auc'?"
    ]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no mlops\.yaml") as caught:
        load(tmp_path)
    assert caught.value.hint == "cdml init"
    (tmp_path / "mlops.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_not_utf8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_bytes(b"model: a\ndescription: \xe9t\xe9\n")
    with pytest.raises(ConfigError, match=r"mlops\.yaml:2: is not UTF-8"):
        load(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_bytes(b"\xef\xbb\xbf" + SHORTEST.replace("\n", "\r\n").encode())
    assert load(tmp_path).model == "churn"


def test_problems_name_the_file_they_were_asked_to_name() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("model: a b\n", file="abc1234:mlops.yaml")
    assert all(str(problem).startswith("abc1234:mlops.yaml:1: ") for problem in caught.value.problems)
