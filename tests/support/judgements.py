"""Every kind of comment that people may meet, from real statistics over simulated predictions.

`COMMENTS` maps a name to what makes its Markdown: the golden files and the pictures in `docs/` come from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cdml.core.comparison import Axis, AxisChange, Judgement, Side, Verdict, Waiver
from cdml.core.dialect import Dialect
from cdml.core.release import Artifact, ReleaseRecord
from cdml.core.run import Around, PastRun, Trend
from cdml.core.settings import DeploySettings, Gate
from cdml.evaluation.compare import Measurement, compare, reported
from cdml.evaluation.gates import judge
from cdml.evaluation.predictions import Predictions
from cdml.reports.markdown import comment, failure, promotion, waiting

HEAD = Side("this PR", "4f2a9c1d4e5f60718293a4b5c6d7e8f901234567")
PAGES = "https://git.example.com/ml/churn"
EARLIER = (
    PastRun(
        "9e8d7c6", 1_763_640_000, (41, 1), "🟡", "churn: roc_auc undecided (3 gates inconclusive)", f"{PAGES}/41"
    ),
    PastRun(
        "1c2d3e4", 1_763_550_000, (40, 1), "🔴", "churn: worse on roc_auc (1 gate fails, 2 pass)", f"{PAGES}/40"
    ),
)
AROUND = Around(report_url=f"{PAGES}/42/report.html", run_url=f"{PAGES}/42", seconds=251, commands=True)
CHURN_GATES = (
    Gate("min", "roc_auc", 0.8),
    Gate("max-regression", "roc_auc", 0.01, relative=True),
    Gate("max-regression", "f1", 0.01),
)
CODE = AxisChange(Axis.CODE, True, ("src/train.py",))
PARAMETERS = AxisChange(Axis.PARAMETERS, True, ("max_depth 6→8", "learning_rate 0.1→0.05"))
DATA = AxisChange(
    Axis.DATA, True, ("data/train.csv +8,214 rows (+9.1 %)", "new region=North", "new column tenure")
)
PACKAGES = AxisChange(Axis.ENVIRONMENT, True, ("python 3.11.7→3.11.9", "scikit-learn 1.6.1→1.7.0"))


def changes(*changed: AxisChange) -> tuple[AxisChange, ...]:
    """These, and all other axes as they were."""
    given = {change.axis: change for change in changed}
    order = (Axis.DATA, Axis.PARAMETERS, Axis.CODE, Axis.ENVIRONMENT, Axis.TEST_DATA, Axis.GATES)
    return tuple(given.get(axis, AxisChange(axis, False)) for axis in order)


def base_of(model: str, version: str = "v1.3.0") -> Side:
    """What is in production."""
    return Side(f"production {version}", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", f"{model}@{version}")


@cache
def churn(seed: int, rows: int, lift: float, own: float = 0.5) -> tuple[Predictions, Predictions]:
    """Two classifiers of who leaves; the second one's signal is `lift` stronger, and weak for the young."""
    random = np.random.default_rng(seed)
    truth = (random.random(rows) < 0.4).astype(int)
    ages = random.choice(["18-29", "30-49", "50+"], rows, p=[0.1, 0.55, 0.35])
    sexes = random.choice(["f", "m"], rows)
    weight = np.where(ages == "18-29", 0.4, 1.3) * (2 * truth - 1)
    shared = random.normal(size=rows)
    other = np.sqrt(1 - own**2) * shared + own * random.normal(size=rows)
    columns = {"age_band": ages, "sex": sexes}
    scores = [_logistic(signal) for signal in (weight + shared, (1 + lift) * weight + other)]
    first, second = (
        Predictions("p.csv", "binary", truth, (score >= 0.5).astype(int), score, ("0", "1"), columns=columns)
        for score in scores
    )
    return first, second


def _logistic(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-1.5 * signal))


def judged(
    measurement: Measurement,
    gates: tuple[Gate, ...],
    *changed: AxisChange,
    model: str = "churn",
    base_gates: tuple[Gate, ...] | None = None,
) -> Judgement:
    """A measurement as a pull request's report has it."""
    made = measurement.comparison(model, base_of(model), HEAD, () if measurement.first else changes(*changed))
    return Judgement(made, judge(gates, measurement, base_gates))


CHURN = ("roc_auc", "f1", "log_loss")
BY = ("age_band", "sex")


@cache
def better() -> Judgement:
    return judged(compare(*churn(1, 12_000, 0.2), metrics=CHURN, by=BY), CHURN_GATES, CODE, PARAMETERS)


@cache
def worse() -> Judgement:
    return judged(compare(*churn(2, 12_000, -0.2), metrics=CHURN, by=BY), CHURN_GATES, PARAMETERS)


@cache
def inconclusive() -> Judgement:
    return judged(compare(*churn(3, 900, 0.05), metrics=CHURN, by=BY), CHURN_GATES, PARAMETERS)


@cache
def first_model() -> Judgement:
    return judged(compare(None, churn(4, 12_000, 0.2)[1], metrics=CHURN, by=BY), CHURN_GATES)


@cache
def data_changed() -> Judgement:
    return judged(compare(*churn(5, 12_000, 0.1), metrics=CHURN, by=BY), CHURN_GATES, DATA)


@cache
def environment_changed() -> Judgement:
    return judged(compare(*churn(6, 12_000, 0.0, own=0.01), metrics=CHURN, by=BY), CHURN_GATES, PACKAGES)


@cache
def unchanged() -> Judgement:
    one = churn(7, 12_000, 0.0)[0]
    return judged(compare(one, one, metrics=CHURN, by=BY), CHURN_GATES)


@cache
def loosened() -> Judgement:
    mild = (Gate("min", "roc_auc", 0.7), Gate("max-regression", "roc_auc", 0.05, relative=True))
    gates = AxisChange(Axis.GATES, True, ("roc_auc at least 0.80→0.70",))
    measured = compare(*churn(2, 12_000, -0.2), metrics=CHURN, by=BY)
    return judged(measured, mild, PARAMETERS, gates, base_gates=CHURN_GATES[:2])


@cache
def waived() -> Judgement:
    judgement = worse()
    return replace(judgement, verdicts=tuple(_waive(v) if v.blocks else v for v in judgement.verdicts))


def _waive(verdict: Verdict) -> Verdict:
    why = "The old test set holds customers that were removed by law; see the minutes of March."
    name = f"{verdict.gate.metric}:{verdict.gate.kind}"
    return replace(verdict, waived=Waiver(name, "ab", "release-manager", why, 7, 12, HEAD.commit or "", 1))


@cache
def many() -> Judgement:
    """Nine metrics of ours and three of the project's own; three columns of twenty values each."""
    first, second = churn(8, 24_000, 0.12)
    random = np.random.default_rng(8)
    columns = {
        name: random.choice([f"{prefix}{i:02}" for i in range(1, 21)], first.rows)
        for name, prefix in (("region", "R"), ("plan", "P"), ("shop", "S"))
    }
    names = ("roc_auc", "average_precision", "accuracy", "balanced_accuracy", "precision", "recall", "f1")
    both = (replace(side, columns=columns) for side in (first, second))
    measured = compare(*both, metrics=(*names, "log_loss", "brier_score"), by=tuple(columns))
    own = (
        reported("cost", 1_204.0, 1_180.5),
        reported("loss_at_top", 0.31, 0.33),
        reported("coverage", 0.97, 0.97),
    )
    gates = (*CHURN_GATES, Gate("min", "recall", 0.9), Gate("max-regression", "precision", 0.005))
    return judged(measured.with_reported(own), gates, DATA, PARAMETERS, CODE)


@cache
def regression() -> Judgement:
    """Prices of houses, in thousands."""
    random = np.random.default_rng(9)
    signal = 250 + 60 * random.normal(size=4_000)
    truth = signal + 30 * random.normal(size=4_000)
    sides = (
        Predictions("p.csv", "regression", truth, 250 + factor * (signal - 250) + noise, None)
        for factor, noise in ((0.85, 12 * random.normal(size=4_000)), (0.9, 11 * random.normal(size=4_000)))
    )
    gates = (Gate("max-regression", "rmse", 0.02, relative=True), Gate("max", "mae", 30), Gate("min", "r2", 0.75))
    return judged(compare(*sides, metrics=("rmse", "mae", "r2")), gates, CODE, model="price")


@cache
def multiclass() -> Judgement:
    """Three species, told apart by two models of which the second is surer of itself than it should be."""
    random = np.random.default_rng(10)
    classes = ("adelie", "chinstrap", "gentoo")
    truth = random.choice(3, 1_500, p=[0.45, 0.2, 0.35])
    shared = random.normal(size=(1_500, 3))
    logits = (1.9 * np.eye(3)[truth] + shared, 4.2 * np.eye(3)[truth] + 2.1 * shared)
    sides = (_softmax(truth, one, classes) for one in logits)
    gates = (Gate("max-regression", "accuracy", 0.01), Gate("max-regression", "log_loss", 0.02))
    return judged(
        compare(*sides, metrics=("accuracy", "f1_macro", "log_loss")), gates, PARAMETERS, model="species"
    )


def _softmax(truth: NDArray[np.int64], logits: NDArray[np.float64], classes: tuple[str, ...]) -> Predictions:
    score = np.exp(logits)
    score /= score.sum(axis=1, keepdims=True)
    return Predictions("p.csv", "multiclass", truth, score.argmax(axis=1), score, classes)


def trend(judgement: Judgement) -> Trend:
    """Seven versions before a candidate."""
    metric = judgement.comparison.metrics[0]
    before = [
        round((metric.baseline or 0.0) + step, 4) for step in (-0.041, -0.033, -0.034, -0.02, -0.013, -0.004, 0)
    ]
    points = [(f"v1.{minor}.0", value) for minor, value in zip(range(-3, 4), before, strict=True) if minor >= 0]
    older = [(f"v0.{minor + 12}.0", value) for minor, value in zip(range(-3, 0), before, strict=False)]
    return Trend(metric.name, (*older, *points, ("this PR", metric.candidate or 0.0)))


LOG = "\n".join(
    [
        "reading data/train.csv",
        *(f"epoch {epoch}: loss {0.7 - epoch / 100:.3f}" for epoch in range(1, 40)),
        "Traceback (most recent call last):",
        '  File "src/train.py", line 61, in <module>',
        "    main()",
        '  File "src/train.py", line 48, in main',
        "    model.fit(features, frame[target])",
        "ValueError: Input X contains NaN.",
    ]
)
WAITS = (
    "Not evaluated: the data needs credentials, which a run of a fork does not get. Somebody who may write to this"
    " repository can look at the change and start it with the comment `/cdml evaluate`, or push the branch to this"
    " repository."
)


def _promotion() -> str:
    record = ReleaseRecord(
        model="churn",
        version="v1.4.0",
        commit=HEAD.commit or "",
        artifact=Artifact("model/model.skops", "5f" * 32, 48_211),
        inputs="cd",
        data={},
        verdicts={},
        deploy=DeploySettings("docker", {}),
        champion="v1.3.0",
        previous="v1.3.0",
        hold=None,
        action="promote",
        who="release-manager",
        why="Better on every slice since the new regions are in.",
    )
    made = better().comparison
    side = replace(HEAD, label="v1.4.0", version="churn@v1.4.0")
    judgement = Judgement(replace(made, candidate=side), ())
    return promotion(record, replace(record, version="v1.3.0"), judgement, "production", around=AROUND)


def _named(judgement: Judgement, model: str) -> Judgement:
    made = judgement.comparison
    return replace(judgement, comparison=replace(made, model=model, baseline=base_of(model)))


def _fork() -> str:
    """A fork's run that could be judged; what a fork changes may be called anything."""
    changed = AxisChange(Axis.PARAMETERS, True, ("note none→@everyone see [this](https://example.com) #1",))
    return comment(
        judged(compare(*churn(11, 12_000, 0.05), metrics=CHURN, by=BY), CHURN_GATES, CODE, changed),
        around=replace(AROUND, seconds=None),
    )


COMMENTS: dict[str, Callable[[], str]] = {
    "better": lambda: comment(better(), around=replace(AROUND, earlier=EARLIER, trend=trend(better()))),
    "worse": lambda: comment(worse(), around=AROUND),
    "inconclusive": lambda: comment(inconclusive(), around=AROUND),
    "first_model": lambda: comment(first_model(), around=AROUND),
    "data_changed": lambda: comment(data_changed(), around=AROUND),
    "environment_changed": lambda: comment(environment_changed(), around=AROUND),
    "loosened": lambda: comment(loosened(), around=AROUND),
    "waived": lambda: comment(waived(), around=AROUND),
    "unchanged": lambda: comment(unchanged(), around=AROUND),
    "many": lambda: comment(many(), around=replace(AROUND, earlier=EARLIER, trend=trend(many()))),
    "shortened": lambda: comment(
        many(), dialect=Dialect(longest=4_000), around=replace(AROUND, earlier=EARLIER, trend=trend(many()))
    ),
    "plain_forge": lambda: comment(
        better(),
        dialect=Dialect(mermaid=False, folds=False),
        around=replace(AROUND, earlier=EARLIER, trend=trend(better())),
    ),
    "fork_waits": lambda: waiting(
        "churn", HEAD.commit or "", WAITS, around=replace(AROUND, report_url="", seconds=None)
    ),
    "fork": _fork,
    "failed_training": lambda: failure(
        "churn",
        HEAD.commit or "",
        "train failed: python src/train.py ended with 1",
        LOG,
        around=replace(AROUND, report_url="", seconds=None),
    ),
    "regression": lambda: comment(regression(), around=AROUND),
    "multiclass": lambda: comment(multiclass(), around=AROUND),
    "monorepo_churn": lambda: comment(_named(data_changed(), "shop-churn"), around=AROUND),
    "monorepo_price": lambda: comment(_named(regression(), "shop-price"), around=AROUND),
    "monorepo_species": lambda: comment(_named(multiclass(), "shop-species"), around=AROUND),
    "promotion": _promotion,
}
