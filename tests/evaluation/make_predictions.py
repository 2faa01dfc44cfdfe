"""Simulated test sets whose true metrics are known from a very large one."""

from __future__ import annotations

import numpy as np

from cdml.evaluation.predictions import Predictions


def binary(random: np.random.Generator, n: int, lift: float = 0.2) -> tuple[Predictions, Predictions]:
    """Two classifiers with correlated scores; the second is better by `lift`."""
    truth = (random.random(n) < 0.4).astype(int)
    shared, own = random.normal(size=n), random.normal(size=n)
    first = 0.8 * (2 * truth - 1) + shared
    second = (0.8 + lift) * (2 * truth - 1) + 0.8 * shared + 0.6 * own
    return _classifier(truth, first), _classifier(truth, second)


def _classifier(truth: np.ndarray, logit: np.ndarray) -> Predictions:
    score = 1 / (1 + np.exp(-logit))
    return Predictions("x.csv", "binary", truth, (score >= 0.5).astype(int), score, ("0", "1"))


def multiclass(random: np.random.Generator, n: int) -> tuple[Predictions, Predictions]:
    """Two classifiers of four unequal classes."""
    truth = random.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    shared = random.normal(size=(n, 4))
    first = 1.5 * np.eye(4)[truth] + shared
    second = 1.8 * np.eye(4)[truth] + 0.7 * shared + 0.6 * random.normal(size=(n, 4))
    return _softmax(truth, first), _softmax(truth, second)


def _softmax(truth: np.ndarray, logits: np.ndarray) -> Predictions:
    score = np.exp(logits)
    score /= score.sum(axis=1, keepdims=True)
    return Predictions("x.csv", "multiclass", truth, score.argmax(axis=1), score, ("a", "b", "c", "d"))


def regression(random: np.random.Generator, n: int) -> tuple[Predictions, Predictions]:
    """Two regressions on one signal."""
    signal, noise = 2 * random.normal(size=n), random.normal(size=n)
    truth = signal + noise
    first = Predictions("x.csv", "regression", truth, 0.8 * signal + 0.5 * random.normal(size=n), None)
    return first, Predictions("x.csv", "regression", truth, 0.9 * signal + 0.4 * random.normal(size=n), None)


def ranking(random: np.random.Generator, n: int) -> tuple[Predictions, Predictions]:
    """Two rankers of queries with ten rows each."""
    groups = np.arange(n) // 10
    relevance = np.where(random.random(n) < 0.3, random.integers(1, 4, n), 0)
    shared, own = random.normal(size=n), random.normal(size=n)
    first = 0.6 * relevance + shared
    second = 0.8 * relevance + 0.8 * shared + 0.6 * own
    return _ranker(relevance, first, groups), _ranker(relevance, second, groups)


def _ranker(relevance: np.ndarray, score: np.ndarray, groups: np.ndarray) -> Predictions:
    return Predictions("x.csv", "ranking", relevance.astype(float), None, score.round(2), groups=groups)


def in_groups(task: str, random: np.random.Generator, groups: int) -> tuple[Predictions, Predictions]:
    """Two models of rows in groups of 2 to 14, whose errors are much alike within a group."""
    sizes = random.integers(2, 15, groups)
    group = np.repeat(np.arange(groups), sizes)
    n = len(group)

    def noise(share: float) -> np.ndarray:
        """Of unit variance, so much of it the group's own."""
        return np.sqrt(share) * random.normal(size=groups)[group] + np.sqrt(1 - share) * random.normal(size=n)

    if task == "regression":
        truth = 2 * noise(0.5)
        shared = noise(0.6)
        first, second = (truth + 0.8 * shared + 0.8 * noise(0.6) * (1 - lift) for lift in (0.0, 0.1))
        made = [Predictions("x.csv", "regression", truth, said, None, groups=group) for said in (first, second)]
        return made[0], made[1]
    truth = (noise(0.5) < -0.25).astype(int)
    shared = noise(0.6)
    logits = [0.8 * (2 * truth - 1) + shared + 0.6 * noise(0.6) + lift * (2 * truth - 1) for lift in (0.0, 0.2)]
    if task == "multiclass":
        return tuple(_of_three(truth, group, logit, random.normal(size=n)) for logit in logits)  # type: ignore
    scores = [1 / (1 + np.exp(-logit)) for logit in logits]
    made = [
        Predictions("x.csv", "binary", truth, (s >= 0.5).astype(int), s, ("0", "1"), groups=group) for s in scores
    ]
    return made[0], made[1]


def _of_three(truth: np.ndarray, group: np.ndarray, logit: np.ndarray, other: np.ndarray) -> Predictions:
    """Three classes, the third one a part of the second; every row of it is guessed."""
    three = truth + ((np.arange(len(truth)) % 3 == 0) & (truth == 1))
    scores = np.exp(np.column_stack([-logit, logit, logit + other - 0.5]))
    scores /= scores.sum(axis=1, keepdims=True)
    return Predictions("x.csv", "multiclass", three, scores.argmax(axis=1), scores, ("a", "b", "c"), groups=group)


MAKERS = {"binary": binary, "multiclass": multiclass, "regression": regression, "ranking": ranking}
