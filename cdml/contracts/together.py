"""All data of a project against their contracts: each alone, against training, and training against before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdml.contracts.finding import Finding
from cdml.contracts.leaks import giveaways, ids, same_rows
from cdml.contracts.observe import Table
from cdml.contracts.profile import Profile, profile
from cdml.contracts.schema import Column
from cdml.contracts.skew import skew
from cdml.contracts.survey import Subject, survey

TRAIN = "train"
IN_TRAINING = "the training data"


@dataclass(frozen=True)
class Reference:
    """The training data's profile at another time, and what people call it."""

    of: str
    profile: Profile


def check_all(subjects: Sequence[Subject], before: Reference | None = None) -> tuple[Finding, ...]:
    """Every finding, in the order of the subjects.

    What is called `train` is searched for leaks, compared with the training data of `before`, and every other
    subject with it. Raises ConfigError where a file is no table.
    """
    train = next((subject for subject in subjects if subject.name == TRAIN), None)
    alike = _alike(subjects)
    found: dict[str, tuple[Finding, ...]] = {}
    trained: Table | None = None
    present: Profile | None = None
    for subject in sorted(subjects, key=lambda one: one is not train):
        findings, table = survey(subject, alike)
        if subject is train:
            trained, present = table, profile(table, subject.schema, "")
            findings += (*giveaways(subject, table), *ids(subject, table))
            findings += skew(subject, table, before.profile, before.of) if before else ()
        elif train and trained and present and subject.path != train.path:
            findings += same_rows(subject, table, trained) if not subject.serving else ()
            findings += skew(subject, table, present, IN_TRAINING)
        found[subject.name] = findings
    return tuple(finding for subject in subjects for finding in found[subject.name])


def _alike(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The columns by which rows of training and of test data are the same: those of all, without ids."""
    named = [_comparable(subject) for subject in subjects if not subject.serving]
    shared = set.intersection(*(set(one.items()) for one in named)) if len(named) > 1 else set()
    return tuple(sorted(name for name, _ in shared))


def _comparable(subject: Subject) -> Mapping[str, str]:
    def fits(column: Column) -> bool:
        return column.training and not column.unique and column.name != subject.schema.id

    return {column.name: column.type for column in subject.schema.columns if fits(column)}
