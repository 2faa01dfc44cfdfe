"""A matrix of varied mlops.yaml under every provider; the official validators read its files in `tests/real`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Hashable, Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from reading import leaves
from variety import CASES, REFUSED, Case, able, loaded, main_branch, mlops, providers, rendered, renderings, whole

from cdml.ci.workflows import branches
from cdml.core.errors import ConfigError

# Everything that makes a provider write an expression, under names that hold none.
PLAIN = {
    "a": mlops(
        "a",
        {
            "runs-on": "x",
            "timeout-minutes": 1,
            "python": "3.12",
            "forks": True,
            "azure": {"variable-group": "group"},
            "secrets": {"default": ["KEY"]},
        },
        {"one": {}, "two": {}, "three": {}},
        schedule="17 6 * * 1",
        monitor="17 6 * * *",
    ),
    "b": mlops("b", environments={"one": {}, "two": {}}),
}
every_case = pytest.mark.parametrize("name", list(CASES))
every_provider = pytest.mark.parametrize(("name", "provider"), [(one, who) for one in CASES for who in able(one)])
refused = pytest.mark.parametrize(
    ("name", "provider"), [(one, who) for one in REFUSED for who in sorted(REFUSED[one][2])]
)


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.1 by libyaml; a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, f"a key stands twice in {list(found)}", node.start_mark
            )
        return found


@cache
def document(text: str) -> Any:
    """The data of a file. Most files are made by many cases."""
    return yaml.load(text, Loader=_Strict)


def texts(name: str) -> Iterator[tuple[str, str, str]]:
    """Every file of a case: who rendered it, its path, its text."""
    for who, files in renderings(name).items():
        for path, text in files.items():
            yield who, path, text


def expressions(case: Case, text: str) -> set[str]:
    """The expressions of a file, without numbers, literals and the names of the case's secrets."""
    names = {name for one in loaded(case).values() for some in one.ci.secrets.values() for name in some}
    secrets = re.compile(rf"secrets\.({'|'.join(names)})\b|\$\(({'|'.join(names)})\)") if names else None
    found = set()
    for line in text.splitlines():
        said = re.sub(r"'(?:[^']|'')*'", "", line) if "${{" in line or "$[" in line else line
        for one in re.findall(r"\$\{\{.*?\}\}|\$\[.*?\]|\$\([^)]*\)", said):
            named = re.sub(r"_?[0-9]+", "", secrets.sub("SECRET", one) if secrets else one)
            found.add(re.sub(r"(coalesce\([^)]*\)(, )?)+", "coalesce", named))  # one for each model
    return found


def test_the_matrix_is_large_and_every_case_is_an_mlops_yaml_that_loads() -> None:
    assert len(CASES) >= 40
    for case in CASES.values():
        assert loaded(case).keys() == case.keys()
    for case, _, _ in REFUSED.values():
        assert loaded(case)  # what is refused is no mistake in mlops.yaml, but nothing that a provider can say
    assert {providers(case)[:1] for case in CASES.values()} == {(), ("github",), ("azure",), ("gitlab",)}


@every_case
def test_every_file_of_every_provider_is_yaml_without_stray_space(name: str) -> None:
    for who, path, text in texts(name):
        assert isinstance(document(text), dict), (who, path)
        assert not re.search(r"\t|[ \r]$", text, re.MULTILINE), (who, path)
        assert text.endswith("\n")
        assert not text.endswith("\n\n"), (who, path)


@every_provider
def test_rendering_again_changes_nothing(name: str, provider: str) -> None:
    assert rendered(CASES[name], provider) == renderings(name)[provider]


@every_case
def test_no_expression_comes_from_what_people_wrote(name: str) -> None:
    for who, path, text in texts(name):
        assert expressions(CASES[name], text) <= known(who.split()[0]), (who, path)
        assert "HOSTILE" not in text, (who, path)


@cache
def known(provider: str) -> set[str]:
    """The expressions of a provider's own."""
    cases = (PLAIN, {"a": PLAIN["a"]}, {"b": PLAIN["b"]})
    made = [(case, rendered(case, provider, only_judge=judges)) for case in cases for judges in (False, True)]
    return {one for case, files in made for text in files.values() for one in expressions(case, text)}


@every_provider
def test_every_branch_reaches_the_provider_as_it_is(name: str, provider: str) -> None:
    case = CASES[name]
    files = renderings(name)[provider]
    wanted = list(branches(whole(case)))
    assert pushed(provider, files) == [main_branch(case), *wanted]
    lines = (line for text in files.values() for leaf in leaves(document(text)) for line in str(leaf).splitlines())
    commands = [shlex.split(line) for line in lines if "--event release --branch" in line]
    assert sorted(words[-1] for words in commands) == sorted(wanted)


def pushed(provider: str, files: dict[str, str]) -> list[str]:
    """The branches whose pushes a provider's files answer, as it reads them."""
    if provider == "azure":
        found: list[str] = document(files["azure-pipelines.yml"])["trigger"]["branches"]["include"]
        return found
    if provider == "github":
        events = [document(files.get(f".github/workflows/cdml-{one}.yml", "{}")) for one in ("main", "deploy")]
        patterns = [branch for one in events if one for branch in one[True]["push"]["branches"]]
        return [re.sub(r"\\(.)", r"\1", one) for one in patterns]
    rules = [
        rule["if"] for rule in document(files[".gitlab/cdml.yml"])["workflow"]["rules"] if "auto_cancel" in rule
    ]
    literals = [rule.partition("$CI_COMMIT_BRANCH == ")[2] for rule in rules]
    assert all(one[0] == one[-1] and one[0] not in one[1:-1] for one in literals)
    return [one[1:-1] for one in literals]


@every_provider
def test_every_environment_reaches_the_provider_as_it_is(name: str, provider: str) -> None:
    wanted = {environment.name for environment in branches(whole(CASES[name])).values()}
    found = {leaf for text in renderings(name)[provider].values() for leaf in leaves(document(text))}
    assert wanted <= found


@refused
def test_what_a_provider_cannot_say_is_refused_by_its_name(name: str, provider: str) -> None:
    case, named, _ = REFUSED[name]
    with pytest.raises(ConfigError) as caught:
        rendered(case, provider)
    assert named in str(caught.value)


def test_what_is_ignored_in_a_file_says_why() -> None:
    files = (text for name in CASES for _, _, text in texts(name))
    ignored = {
        line for text in files for line in text.splitlines() if re.search(r"# *(zizmor|actionlint|yamllint)", line)
    }
    assert ignored
    assert [line for line in ignored if not re.search(r"# zizmor: ignore\[[a-z,-]+\] \w+ \w+", line)] == []
