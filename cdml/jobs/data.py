"""`cdml run data`: the project's data against their contracts, before anything trains on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cdml import __version__
from cdml.ci.text import harmless
from cdml.core.comparison import AxisChange, Judgement
from cdml.core.errors import ConfigError, ContractError, Problem
from cdml.core.serialize import digest, dump, load
from cdml.core.settings import DataContract, Settings
from cdml.jobs.data_changes import contract_changes, loosened
from cdml.jobs.data_files import (
    column_lines,
    contract_at,
    contract_text,
    data_digest,
    profile_at,
    read_contract,
)
from cdml.jobs.data_there import bring, state
from cdml.jobs.example_rows import shows_rows
from cdml.jobs.project import Project
from cdml.jobs.snapshots import baseline_version

if TYPE_CHECKING:
    from cdml.contracts.finding import Finding
    from cdml.contracts.schema import Schema
    from cdml.contracts.together import Reference
    from cdml.core.release import Version

Say = Callable[[str], None]
MOST_NOTES = 5
MOST_LINES = 40
TRAIN = "train"


@dataclass(frozen=True)
class DataChecked:
    """What a run says of its data: warnings, and how the contracts differ from those of the target branch.

    `checked` are the names of data that were looked at now, `loosened` says which contracts let more pass.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    change: AxisChange | None = None
    checked: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()

    def told(self, judgement: Judgement) -> Judgement:
        """The judgement with this in it."""
        if not self.notes and not self.loosened and self.change is None:
            return judgement
        comparison = judgement.comparison
        changes = (*comparison.changes, *([self.change] if self.change else []))
        notes = (*self.notes, *comparison.notes)
        told = replace(comparison, changes=changes, notes=notes, loosened=self.loosened)
        return replace(judgement, comparison=told)


def check_data(
    project: Project, say: Say, *, target: tuple[str, Settings] | None = None, committed: bool = False
) -> DataChecked:
    """Every file under contract; raises ContractError where one breaks its contract.

    `target` is the branch that a change wants to enter, and its settings. `committed` says that the working tree
    is what HEAD says: data that a version was made of are not looked at again then. Raises ConfigError for a
    contract that is missing or cannot be read, and for a file that is no table.
    """
    change: AxisChange | None = None
    looser: tuple[str, ...] = ()
    if target:
        change = contract_changes(project.git, project.settings, *target)
        looser = loosened(project.git, project.settings, *target)
    contracts = project.settings.data
    if not contracts:
        return DataChecked(change=change, loosened=looser)
    version = _champion(project, target[1] if target else None)
    hidden = _hidden(project, target)
    known = _known(project, version, hidden, committed, say)
    findings = _look(project, version, hidden, say) if known is None else known
    broken = tuple(one for one in findings if one.severity == "fail")
    if broken:
        raise broken_contract(project, broken)
    for one in findings:
        say(harmless(f"warning: {one.path}: {one}"))
    checked = () if known is not None else tuple(one.name for one in contracts)
    return DataChecked(findings, _notes(findings), change, checked, looser)


def broken_contract(project: Project, broken: Sequence[Finding]) -> ContractError:
    """What is wrong with the data, each on the line of the contract that says so."""
    contracts = {one.name: one for one in project.settings.data}
    lines = {one.schema: column_lines(project.root, one.schema) for one in contracts.values()}
    problems = tuple(
        Problem(schema, lines[schema].get(one.column), one.path, str(one))
        for one in broken
        for schema in [contracts[one.data].schema]
    )
    paths = list(dict.fromkeys(one.path for one in broken))
    count = "1 place" if len(broken) == 1 else f"{len(broken)} places"
    verb = "breaks its contract" if len(paths) == 1 else "break their contracts"
    names = ", ".join(dict.fromkeys(one.data for one in broken))
    printed = [f"{one.path}: {one}" for one in broken[:MOST_LINES]]
    printed += [f"and {len(broken) - MOST_LINES} more"] if len(broken) > MOST_LINES else []
    return ContractError(
        f"{' and '.join(paths)} {verb} in {count}",
        f"mend the data; or change the contract and have it reviewed: cdml data diff {names.partition(',')[0]}",
        problems,
        "\n".join(printed),
    )


def _champion(project: Project, rules: Settings | None) -> Version | None:
    wanted = (rules or project.settings).evaluate.baseline
    return None if wanted == "main" else baseline_version(project, wanted)


def _hidden(project: Project, target: tuple[str, Settings] | None) -> frozenset[str]:
    """The names of data whose values are not shown, though their contracts may say that they are.

    The target branch is asked too: what it does not show a change may not bring to light.
    """
    contracts = project.settings.data
    if not shows_rows(project.settings.evaluate, target[1] if target else None):
        return frozenset(one.name for one in contracts)
    if target is None:
        return frozenset()
    before = {one.path: contract_at(project.git, target[0], one.schema) for one in target[1].data}
    quiet = {path for path, schema in before.items() if schema and not schema.examples}
    # Under another path the same rows would be new data: where some are private, new ones are until it is merged.
    return frozenset(one.name for one in contracts if quiet and (one.path in quiet or one.path not in before))


def _known(
    project: Project, version: Version | None, hidden: frozenset[str], committed: bool, say: Say
) -> tuple[Finding, ...] | None:
    """What was found of just these data under just these contracts; None where nobody looked."""
    contracts = project.settings.data
    for contract in contracts:
        contract_text(project.root, contract)
    kept = _kept(project, _key(project, version, hidden))
    if kept is not None:
        say("the data were checked against their contracts before, skipping")
        return kept
    if committed and version and _as_in(project, contracts, version.commit):
        say(f"data and contracts are those of {version.label}, skipping")
        return ()
    return None


def _look(project: Project, version: Version | None, hidden: frozenset[str], say: Say) -> tuple[Finding, ...]:
    from cdml.contracts.survey import Subject
    from cdml.contracts.together import check_all

    contracts = project.settings.data
    schemas = _schemas(project, contracts, hidden)
    before = _key(project, version, hidden)
    bring(project, [one.path for one in contracts], say)
    subjects = [
        Subject(one.name, one.path, project.root / one.path, schema, one.serving)
        for one, schema in zip(contracts, schemas, strict=True)
    ]
    for one in contracts:
        say(harmless(f"checking {one.path} against {one.schema}"))
    trained = data_digest(project.root / contracts[0].path)
    findings = check_all(subjects, _reference(project, contracts, version, trained))
    # DVC's digest of data that were not here yet is another than their own: a fresh clone knows the first alone.
    for key in {before, _key(project, version, hidden)} - {None}:
        _keep(project, str(key), findings)
    return findings


def _schemas(project: Project, contracts: tuple[DataContract, ...], hidden: frozenset[str]) -> list[Schema]:
    """Every contract, which shows no values of `hidden` data; ConfigError with the problems of all of them."""
    found: list[Schema] = []
    problems: list[Problem] = []
    for contract in contracts:
        try:
            schema = read_contract(project.root, contract)
            found.append(replace(schema, examples=schema.examples and contract.name not in hidden))
        except ConfigError as error:
            if not error.problems:
                raise
            problems += [one for one in error.problems if one not in problems]
    if problems:
        raise ConfigError("the contracts of the data cannot be read", problems=tuple(problems))
    return found


def _reference(
    project: Project, contracts: tuple[DataContract, ...], version: Version | None, state: str | None
) -> Reference | None:
    """The champion's training data, where its commit has their profile and `state` stands for others."""
    from cdml.contracts.together import Reference

    train = next((one for one in contracts if one.name == TRAIN), None)
    if train is None or version is None:
        return None
    found = profile_at(project.git, version.commit, train.path)
    return Reference(f"the training data of {version.label}", found) if found and found.digest != state else None


def _key(project: Project, version: Version | None, hidden: frozenset[str]) -> str | None:
    """A digest over all that checking reads; None where the state of the data is not known without them.

    The training data are the first of the contracts, where there are any.
    """
    contracts = project.settings.data
    states = state(project, [one.path for one in contracts])
    if None in states:
        return None
    found = _reference(project, contracts, version, states[0])
    before = [found.of, found.profile] if found else []
    texts = [contract_text(project.root, one) for one in contracts]
    return digest([__version__, contracts, texts, states, before, sorted(hidden)])


def _as_in(project: Project, contracts: tuple[DataContract, ...], commit: str) -> bool:
    """Whether HEAD has the data and contracts that a release commit has, by git's own digests."""
    if project.settings_at(commit).data != contracts:
        return False
    for contract in contracts:
        if not _same(project, commit, contract.schema):
            return False
        if not (_same(project, commit, contract.path) or _same(project, commit, f"{contract.path}.dvc")):
            return False
    return True


def _same(project: Project, commit: str, path: str) -> bool:
    found = [project.git.find(f"{at}:{project.git.prefix()}{path}") for at in (commit, "HEAD")]
    return found[0] is not None and found[1] is not None and found[0].oid == found[1].oid


def _notes(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    notes = [f"Data: {one.path}: {one}." for one in findings[:MOST_NOTES]]
    more = len(findings) - MOST_NOTES
    return (*notes, *([f"Data: {more} more warnings; `cdml run data` shows them."] if more > 0 else []))


def _kept(project: Project, key: str | None) -> tuple[Finding, ...] | None:
    """What was noted beside the repository; losing it costs time alone."""
    from cdml.contracts.finding import Finding

    place = project.state / ".data" / f"{key}.json"
    try:
        return load(tuple[Finding, ...], place.read_text("utf-8"), place.name) if key else None
    except (OSError, ConfigError):
        return None


def _keep(project: Project, key: str, findings: tuple[Finding, ...]) -> None:
    from cdml.core.files import write

    try:
        write(project.state / ".data" / f"{key}.json", dump(findings))
    except OSError:
        return
