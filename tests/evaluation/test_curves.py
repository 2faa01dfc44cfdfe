"""Curves, matrices and flipped rows: scikit-learn's and numpy's numbers, thinned without being bent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary, multiclass, regression
from scipy.stats import binomtest, norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from cdml.core.comparison import Judgement, Side
from cdml.core.diagnostics import (
    LONGEST,
    MOST_CLASSES,
    MOST_EXAMPLES,
    MOST_POINTS,
    Calibration,
    Curve,
    Diagnostics,
)
from cdml.core.errors import ConfigError
from cdml.core.serialize import dump, load
from cdml.evaluation import curves
from cdml.evaluation.compare import compare
from cdml.evaluation.diagnose import diagnose
from cdml.evaluation.pairing import pair, subset
from cdml.evaluation.predictions import Predictions

FLIP = '{"row": 1, "id": null, "truth": "a", "before": "b", "after": "a", "fixed": true}'


def diagnosed(baseline: Predictions | None, candidate: Predictions, by: tuple[str, ...] = ()) -> Diagnostics:
    found = diagnose(pair(baseline, candidate), by)
    assert found is not None
    return found


def rounded(p: Predictions, digits: int) -> Predictions:
    """Many rows of one score each."""
    return replace(p, score=p.scored.round(digits))


def of_roc(p: Predictions) -> Curve:
    found = curves.roc(curves.ranked(p.y_true, p.scored))
    assert found is not None
    return found


def of_precision(p: Predictions) -> Curve:
    found = curves.precision_recall(curves.ranked(p.y_true, p.scored))
    assert found is not None
    return found


def test_a_short_roc_curve_is_scikit_learns_point_by_point() -> None:
    p = rounded(binary(np.random.default_rng(1), 400)[0], 1)
    x, y, thresholds = roc_curve(p.y_true, p.score, drop_intermediate=False)
    found = of_roc(p)
    assert found.x == pytest.approx(x, abs=1e-5)
    assert found.y == pytest.approx(y, abs=1e-5)
    assert found.thresholds[1:] == pytest.approx(thresholds[1:], abs=1e-5)
    assert found.area == pytest.approx(roc_auc_score(p.y_true, p.score), abs=1e-8)


def test_a_short_precision_recall_curve_is_scikit_learns_up_to_where_all_is_found() -> None:
    p = rounded(binary(np.random.default_rng(2), 400)[0], 1)
    precision, recall, _ = precision_recall_curve(p.y_true, p.score)
    wanted = [(r, q) for r, q in zip(recall[-2::-1], precision[-2::-1], strict=True) if r < 1]
    found = of_precision(p)
    assert found.x[-1] == 1
    assert np.array(list(zip(found.x, found.y, strict=True)))[:-1] == pytest.approx(np.array(wanted), abs=1e-5)
    assert found.area == pytest.approx(average_precision_score(p.y_true, p.score), abs=1e-8)


def test_a_long_curve_keeps_its_shape_in_few_points() -> None:
    p = binary(np.random.default_rng(3), 20_000)[0]
    x, y, _ = roc_curve(p.y_true, p.score, drop_intermediate=False)
    found = of_roc(p)
    assert MOST_POINTS / 2 < len(found.x) <= MOST_POINTS
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)
    beside = np.minimum(np.abs(np.interp(x, found.x, found.y) - y), np.abs(np.interp(y, found.y, found.x) - x))
    assert beside.max() < 0.01
    assert (np.diff(found.x) + np.diff(found.y)).max() < 0.05
    assert found.area == pytest.approx(roc_auc_score(p.y_true, p.score), abs=1e-8)
    precision, recall, _ = precision_recall_curve(p.y_true, p.score)
    found = of_precision(p)
    assert MOST_POINTS / 2 < len(found.x) <= MOST_POINTS
    assert (np.diff(found.x) + np.abs(np.diff(found.y)))[2:].max() < 0.05
    inside = (recall > 0.05) & (recall < 1)
    assert np.abs(np.interp(recall[inside], found.x, found.y) - precision[inside]).max() < 0.02
    assert found.area == pytest.approx(average_precision_score(p.y_true, p.score), abs=1e-8)


@pytest.mark.parametrize("digits", [16, 1])
def test_calibration_is_scikit_learns_with_wilsons_intervals(digits: int) -> None:
    p = rounded(binary(np.random.default_rng(4), 3_000)[0], digits)
    came, said = calibration_curve(p.y_true, p.score, n_bins=curves.BINS, strategy="quantile")
    found: Calibration = curves.calibration(curves.ranked(p.y_true, p.scored), 0.9)
    assert [one.true for one in found.bins] == pytest.approx(came, abs=1e-5)
    assert [one.score for one in found.bins] == pytest.approx(said, abs=1e-5)
    assert sum(one.rows for one in found.bins) == p.rows
    first = found.bins[1]
    wilson = binomtest(round(first.true * first.rows), first.rows).proportion_ci(0.9, "wilson")
    assert (first.low, first.high) == pytest.approx((wilson.low, wilson.high), abs=1e-5)
    weights = [one.rows / p.rows for one in found.bins]
    assert found.error == pytest.approx(np.abs(came - said) @ weights, abs=1e-4)


def test_several_classes_are_calibrated_by_the_likeliest() -> None:
    p = multiclass(np.random.default_rng(5), 3_000)[0]
    p = replace(p, y_pred=np.zeros(3_000, int))  # answers are not what scores say
    right = p.scored.argmax(axis=1) == p.y_true
    came, said = calibration_curve(right, p.scored.max(axis=1), n_bins=curves.BINS, strategy="quantile")
    found = diagnosed(None, p).calibration
    assert found is not None
    assert [one.true for one in found.candidate.bins] == pytest.approx(came, abs=1e-5)
    assert [one.score for one in found.candidate.bins] == pytest.approx(said, abs=1e-5)


def test_the_confusion_matrix_is_scikit_learns() -> None:
    base, cand = multiclass(np.random.default_rng(6), 500)
    found = diagnosed(base, cand).confusion
    assert found is not None
    assert found.classes == ("a", "b", "c", "d")
    assert np.array_equal(found.candidate, confusion_matrix(cand.y_true, cand.y_pred))
    assert np.array_equal(found.baseline, confusion_matrix(base.y_true, base.y_pred))


def test_of_many_classes_the_rare_ones_are_counted_as_one() -> None:
    random = np.random.default_rng(7)
    classes = tuple(f"c{place:02}" for place in range(100))
    truth = np.minimum(random.geometric(0.05, 5_000) - 1, 99)
    said = np.where(random.random(5_000) < 0.7, truth, random.permutation(truth))
    p = Predictions("x.csv", "multiclass", truth, said, None, classes)
    found = diagnosed(None, p).confusion
    assert found is not None
    assert (len(found.classes), found.others) == (MOST_CLASSES, 81)
    assert found.classes[0] == "c00"
    assert found.classes[-1] == "81 other classes"
    whole = confusion_matrix(truth, said, labels=range(100))
    assert sum(map(sum, found.candidate)) == 5_000
    places = [classes.index(name) for name in found.classes[:-1]]
    assert np.array_equal(np.array(found.candidate)[:-1, :-1], whole[np.ix_(places, places)])
    left = sorted(set(range(100)) - set(places))
    assert found.candidate[-1][-1] == whole[np.ix_(left, left)].sum()


def test_flipped_answers_are_counted_and_the_farthest_are_shown() -> None:
    base, cand = binary(np.random.default_rng(8), 2_000)
    ids = np.array([f"r{place:04}" for place in range(2_000)])
    groups = np.array(["f", "m"])[np.arange(2_000) % 2]
    base, cand = (replace(one, ids=ids, columns={"sex": groups, "note": ids}) for one in (base, cand))
    found = diagnosed(base, cand, ("sex",)).flips
    assert found is not None
    was, is_ = base.predicted == base.y_true, cand.predicted == cand.y_true
    assert (found.fixed, found.broken, found.moved) == ((is_ & ~was).sum(), (was & ~is_).sum(), 0)
    assert [one.fixed for one in found.examples] == [False] * 10 + [True] * 10
    first = found.examples[0]
    far = np.abs(cand.scored - base.scored) * (was & ~is_)
    place = int(far.argmax())
    assert (first.row, first.id, first.columns) == (place + 1, ids[place], (("sex", groups[place]),))
    assert first.truth == str(base.y_true[place])
    assert first.before == f"{base.predicted[place]} ({base.scored[place]:.2f})"
    assert first.after == f"{cand.predicted[place]} ({cand.scored[place]:.2f})"


def test_a_wrong_answer_that_becomes_another_wrong_one_is_no_flip() -> None:
    truth = np.zeros(4, int)
    base = Predictions("x", "multiclass", truth, np.array([1, 1, 0, 1]), None, ("a", "b", "c"))
    found = diagnosed(base, replace(base, y_pred=np.array([2, 1, 1, 0]))).flips
    assert found is not None
    assert (found.fixed, found.broken, found.moved) == (1, 1, 1)
    assert [(one.row, one.before, one.after) for one in found.examples] == [(3, "a", "b"), (4, "b", "a")]


def test_words_from_a_file_are_cut_and_rows_are_few() -> None:
    base, cand = binary(np.random.default_rng(9), 3_000)
    long = np.array(["x" * 5_000] * 3_000)
    columns = {f"{'y' * 200}{place}": long for place in range(30)}
    base, cand = (replace(one, columns=columns, classes=("n" * 300, "p" * 300)) for one in (base, cand))
    found = diagnosed(base, cand, tuple(columns))
    assert found.flips is not None
    assert len(found.flips.examples) == MOST_EXAMPLES
    assert len(dump(found)) < 120_000
    assert len(found.positive) == LONGEST


def test_residuals_are_numpys_quantiles() -> None:
    base, cand = regression(np.random.default_rng(10), 3_000)
    found = diagnosed(base, cand).residuals
    assert found is not None
    assert found.baseline is not None
    for side, p in ((found.candidate, cand), (found.baseline, base)):
        missed = p.y_true - p.predicted
        assert sum(side.counts) == sum(band.rows for band in side.bands) == p.rows
        assert side.quantiles == pytest.approx(np.quantile(missed, norm.cdf(found.normal)), rel=1e-3)
        inside = np.histogram(missed, found.edges)[0][1:-1]
        assert np.abs(np.array(side.counts[1:-1]) - inside).max() <= 1  # edges are rounded when stored
        last = np.argsort(p.predicted)[-side.bands[-1].rows :]
        wanted = np.quantile(missed[last], [0.1, 0.25, 0.5, 0.75, 0.9])
        assert side.bands[-1].quantiles == pytest.approx(wanted, rel=1e-3)
        assert side.bands[-1].predicted == pytest.approx(p.predicted[last].mean(), rel=1e-4)


def test_the_rows_whose_error_changed_most_are_shown() -> None:
    base, cand = regression(np.random.default_rng(15), 1_000)
    base, cand = (
        replace(one, columns={"sex": np.arange(1_000) % 2, "age": np.arange(1_000)}) for one in (base, cand)
    )
    found = diagnosed(base, cand, ("sex*age",)).moved
    change = np.abs(cand.y_true - cand.predicted) - np.abs(base.y_true - base.predicted)
    assert [one.row - 1 for one in found[:10]] == np.argsort(-change)[:10].tolist()
    assert [one.row - 1 for one in found[10:]] == np.argsort(change)[:10].tolist()
    assert [one.fixed for one in found] == [False] * 10 + [True] * 10
    place = int(change.argmax())
    first = found[0]
    assert first.columns == (("sex", str(place % 2)), ("age", str(place)))
    said = [float(one) for one in (first.truth, first.before, first.after)]
    assert said == pytest.approx([p[place] for p in (cand.y_true, base.predicted, cand.predicted)], rel=1e-5)
    assert diagnosed(base, base).moved == diagnosed(None, base).moved == ()


def test_a_few_wild_rows_do_not_flatten_the_distribution() -> None:
    truth = np.random.default_rng(14).normal(size=2_000)
    truth[:3] = 1e6
    found = diagnosed(None, Predictions("x", "regression", truth, np.zeros(2_000), None)).residuals
    assert found is not None
    assert found.edges[-1] < 10
    assert found.candidate.counts[-1] >= 3
    assert sum(found.candidate.counts) == 2_000


def test_a_constant_regression_has_residuals_too() -> None:
    truth = np.arange(50.0)
    still = Predictions("x", "regression", truth, np.full(50, 20.0), None)
    found = diagnosed(still, replace(still, y_pred=truth)).residuals
    assert found is not None
    assert found.candidate.counts[len(found.candidate.counts) // 2] + max(found.candidate.counts) >= 50
    assert [band.rows for band in found.baseline.bands] == [50] if found.baseline else False


def test_what_cannot_be_drawn_is_not_there() -> None:
    base, cand = binary(np.random.default_rng(11), 60)
    alone = diagnosed(None, cand)
    assert alone.roc is not None
    assert (alone.roc.baseline, alone.flips) == (None, None)
    other = diagnosed(subset(base, np.arange(50)), cand)
    assert other.roc is not None
    assert (other.roc.baseline, other.flips, other.confusion and other.confusion.baseline) == (None, None, None)
    classes = diagnosed(replace(base, score=None), replace(cand, score=None))
    assert (classes.roc, classes.precision_recall, classes.calibration) == (None, None, None)
    assert classes.flips is not None
    ones = diagnosed(None, subset(cand, cand.y_true == 1))
    assert (ones.roc, ones.precision_recall is None) == (None, False)
    huge = Predictions("x", "regression", np.full(20, 1e200), np.zeros(20), None)
    assert diagnose(pair(None, huge)) is None
    assert diagnose(pair(None, subset(huge, np.arange(5)))) is None


def test_swapped_models_change_places_and_the_order_of_rows_changes_nothing() -> None:
    base, cand = binary(np.random.default_rng(12), 500)
    ids = np.array([f"{place:03}" for place in range(500)])
    base, cand = replace(base, ids=ids), replace(rounded(cand, 2), ids=ids)
    one, other = diagnosed(base, cand), diagnosed(cand, base)
    for name in ("roc", "precision_recall", "calibration", "confusion"):
        assert getattr(one, name).candidate == getattr(other, name).baseline
        assert getattr(one, name).baseline == getattr(other, name).candidate
    assert one.flips is not None
    assert other.flips is not None
    assert (one.flips.fixed, one.flips.broken) == (other.flips.broken, other.flips.fixed)
    order = np.random.default_rng(1).permutation(500)
    assert diagnosed(subset(base, order), subset(cand, order)) == one


def test_a_judgement_carries_them_and_an_older_one_has_none() -> None:
    base, cand = binary(np.random.default_rng(13), 300)
    base, cand = (replace(one, columns={"a": np.arange(300) % 2, "b": np.arange(300) % 3}) for one in (base, cand))
    made = compare(base, cand, metrics=("roc_auc",), by=("a",)).comparison("m", Side("old"), Side("new"))
    judgement = Judgement(made, ())
    assert made.diagnostics is not None
    assert made.diagnostics.flips is not None
    assert made.diagnostics.flips.examples[0].columns[0][0] == "a"
    text = dump(judgement)
    assert len(dump(made.diagnostics)) < 40_000
    assert load(Judgement, text, "judgement.json") == judgement
    older = dump(replace(judgement, comparison=replace(made, diagnostics=None)))
    without = older.replace(',\n    "diagnostics": null', "")
    assert without != older
    assert load(Judgement, without, "judgement.json").comparison.diagnostics is None


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('{"roc": {"candidate": {"x": [0, 1e999], "y": [0, 1], "thresholds": [1, 0], "area": 1}}}', "share"),
        ('{"roc": {"candidate": {"x": [0, 1], "y": [0, 1], "thresholds": [1], "area": 1}}}', "length"),
        ('{"roc": {"candidate": {"x": [], "y": [], "thresholds": [], "area": 2}}}', "share"),
        ('{"confusion": {"classes": ["a"], "candidate": [[-1]]}}', "negative"),
        ('{"confusion": {"classes": ["a", "b"], "candidate": [[1, 2], [3]]}}', "length"),
        ('{"positive": "' + "x" * 81 + '"}', "characters"),
        ('{"flips": {"fixed": 1, "broken": 0, "examples": [' + ", ".join([FLIP] * 21) + "]}}", "more than 20"),
        ('{"confusion": {"classes": [' + ", ".join(['"a"'] * 21) + '], "candidate": []}}', "more than 20"),
        ('{"importances": [{"feature": "a", "candidate": {"value": 1e999, "low": 0, "high": 1}}]}', "finite"),
    ],
)
def test_what_no_run_of_ours_hands_over_is_refused(broken: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(Diagnostics, broken, "result.json")
