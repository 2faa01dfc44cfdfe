"""How predictions are read for a judgement: as the branch that is entered says, not as the change says.

Another task, positive class, group of rows or price of a mistake would be another measure of the same model, and
other bins of a column other slices of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cdml.core.crosses import columns_of
from cdml.core.serialize import digest
from cdml.core.settings import Evaluate, Settings


def reading(evaluate: Evaluate, rules: Settings | None) -> Evaluate:
    """The candidate's settings with all that `rules` say of reading; metrics that only it defines stay its own.

    Its groups do not: with few of them no interval is left, and nothing could fail any more.
    """
    if rules is None:
        return evaluate
    theirs = rules.evaluate
    own = {spec.name: spec for spec in evaluate.defined}
    return replace(
        evaluate,
        task=theirs.task,
        positive=theirs.positive,
        id=theirs.id,
        group=theirs.group,
        edges=_edges(evaluate, theirs),
        defined=tuple((own | {spec.name: spec for spec in theirs.defined}).values()),
    )


def _edges(evaluate: Evaluate, theirs: Evaluate) -> dict[str, tuple[float, ...]]:
    """Where columns of numbers are cut; the change decides on those that the branch does not slice by."""
    known = {*columns_of(theirs.by), *columns_of(gate.by for gate in theirs.gates if gate.by)}
    own = {column: edges for column, edges in evaluate.edges.items() if column not in known}
    return {**own, **theirs.edges}


def with_shape_of(read: Evaluate, own: Evaluate) -> Evaluate:
    """A reading for a file that has other ids or classes: `own` is what its model's settings say of them."""
    return replace(read, task=own.task, positive=own.positive, id=own.id)


def read_otherwise(evaluate: Evaluate, rules: Settings | None, used: Evaluate | None = None) -> tuple[str, ...]:
    """A sentence for each metric, and for the groups, that the change defines otherwise that stay as they were.

    `used` is what its predictions were read with, where that may be another reading than the target's: then that
    is said too.
    """
    if rules is None:
        return ()
    own = {spec.name: spec for spec in evaluate.defined}
    said = [
        f"{spec.name} is measured as the target branch defines it, not as this change does."
        for spec in rules.evaluate.defined
        if own.get(spec.name) != spec
    ]
    if rules.evaluate.group != evaluate.group:
        how = f"belong together by {rules.evaluate.group}" if rules.evaluate.group else "count one by one"
        said.append(f"Rows {how}, as the target branch has it.")
    if used and with_shape_of(used, rules.evaluate) != used:
        said.append(
            "The predictions cannot be read as the target branch reads its own: task, positive class and ids are "
            "what this change says."
        )
    return tuple(said)


def reading_digest(evaluate: Evaluate, rules: Settings | None, data: Sequence[object] = ()) -> str:
    """The identity of a reading: the same predictions read alike have the same metrics.

    `data` stand for the target branch's test data, where there are some to judge on too.
    """
    read = reading(evaluate, rules)
    return digest([read.task, read.positive, read.id, read.group, read.defined, read.edges, *data])
