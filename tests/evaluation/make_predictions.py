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


MAKERS = {"binary": binary, "multiclass": multiclass, "regression": regression}
