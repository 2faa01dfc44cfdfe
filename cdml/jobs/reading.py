"""How predictions are read for a judgement: as the branch that is entered says, not as the change says.

Another task, positive class, group of rows or price of a mistake would be another measure of the same model, and
other bins of a column other slices of it.
"""

from __future__ import annotations

from dataclasses import replace

from cdml.core.crosses import columns_of
from cdml.core.serialize import digest
from cdml.core.settings import Evaluate, Settings


def reading(evaluate: Evaluate, rules: Settings | None) -> Evaluate:
    """The candidate's settings with all that `rules` say of reading; metrics that only it defines stay its own."""
    if rules is None:
        return evaluate
    theirs = rules.evaluate
    own = {spec.name: spec for spec in evaluate.defined}
    return replace(
        evaluate,
        task=theirs.task,
        positive=theirs.positive,
        id=theirs.id,
        group=theirs.group or evaluate.group,
        edges=_edges(evaluate, theirs),
        defined=tuple((own | {spec.name: spec for spec in theirs.defined}).values()),
    )


def _edges(evaluate: Evaluate, theirs: Evaluate) -> dict[str, tuple[float, ...]]:
    """Where columns of numbers are cut; the change decides on those that the branch does not slice by."""
    known = {*columns_of(theirs.by), *columns_of(gate.by for gate in theirs.gates if gate.by)}
    own = {column: edges for column, edges in evaluate.edges.items() if column not in known}
    return {**own, **theirs.edges}


def read_otherwise(evaluate: Evaluate, rules: Settings | None) -> tuple[str, ...]:
    """A sentence for each metric, and for the groups, that the change defines otherwise that stay as they were."""
    if rules is None:
        return ()
    own = {spec.name: spec for spec in evaluate.defined}
    said = [
        f"{spec.name} is measured as the target branch defines it, not as this change does."
        for spec in rules.evaluate.defined
        if own.get(spec.name) != spec
    ]
    if rules.evaluate.group and rules.evaluate.group != evaluate.group:
        said.append(f"Rows belong together by {rules.evaluate.group}, as the target branch has it.")
    return tuple(said)


def reading_digest(evaluate: Evaluate, rules: Settings | None) -> str:
    """The identity of a reading: the same predictions read alike have the same metrics."""
    read = reading(evaluate, rules)
    return digest([read.task, read.positive, read.id, read.group, read.defined, read.edges])
