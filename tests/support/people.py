"""People with clones of one bare repository, for the tests of the local forge."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cdml.forges.local import LocalForge
from cdml.state.git import Git


def git(folder: Path, *words: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Person:
    """Somebody with a clone."""

    root: Path
    bare: Path

    @property
    def forge(self) -> LocalForge:
        return LocalForge(Git(self.root))

    def git(self, *words: str, stdin: str = "") -> str:
        return git(self.root, *words, stdin=stdin)

    def push(self, branch: str, files: dict[str, str], base: str = "origin/main", message: str = "change") -> str:
        """One commit with these files on top of `base`, pushed as `branch`; the working tree stays as it was."""
        tree = self.git("rev-parse", f"{base}^{{tree}}")
        listed = {line.split("\t")[1]: line.split("\t")[0] for line in self.git("ls-tree", tree).splitlines()}
        for path, text in files.items():
            listed[path] = f"100644 blob {self.git('hash-object', '-w', '--stdin', stdin=text)}"
        tree = self.git("mktree", stdin="".join(f"{meta}\t{path}\n" for path, meta in listed.items()))
        commit = self.git("commit-tree", tree, "-p", base, "-m", message)
        self.git("push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{branch}")
        return commit

    def refs(self) -> dict[str, str]:
        """All references of the bare repository."""
        lines = git(self.bare, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ") for line in lines)

    def tree(self, revision: str) -> str:
        return git(self.bare, "rev-parse", f"{revision}^{{tree}}")


def clone(bare: Path, root: Path, name: str) -> Person:
    git(bare.parent, "clone", "--quiet", str(bare), str(root))
    git(root, "config", "user.name", name)
    git(root, "config", "user.email", f"{name.lower()}@example.com")
    return Person(root, bare)
