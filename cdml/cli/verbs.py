"""Every verb: the module that defines it and its place in `cdml --help`, so that help imports none of them."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import Any

from typer import main as typer_main
from typer.core import TyperGroup

# In the order of a project's life: every verb and the module that defines it.
VERBS: dict[str, str] = {
    "init": "init",
    "generate": "generate",
    "check": "check",
    "doctor": "doctor",
    "data": "data",
    "split": "split",
    "run": "run",
    "evaluator": "evaluator",
    "behaviour": "behaviour",
    "repeats": "behaviour",
    "ci": "ci",
    "compare": "compare",
    "explain": "explain",
    "evaluate": "evaluate",
    "comment": "comment",
    "pr": "pr",
    "register": "register",
    "registry": "registry",
    "promote": "promote",
    "rollback": "promote",
    "deploy": "deploy",
    "status": "deploy",
    "monitor": "monitor",
    "demo": "demo",
    "schema": "schema",
}
# The screen of `cdml --help`: verbs that belong together share a line. One that has no line is hidden: other
# programs call it.
LINES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("init",), "Scaffold a project, or adopt the one you stand in."),
    (("generate",), "Write dvc.yaml, CI and the schema from mlops.yaml."),
    (("check", "doctor"), "Every problem at once; what YAML cannot hold."),
    (("data", "split"), "Data contracts; training and test rows without bias."),
    (("run",), "Train and evaluate what changed, as CI does."),
    (("compare", "explain"), "Two models on the same rows, judged; the same in words."),
    (("evaluate",), "Score a registered version on other data."),
    (("pr", "comment"), "Pull requests; what a run has to say on one."),
    (("register", "registry"), "Make a version of what main holds; list and trace them."),
    (("promote", "rollback"), "A version into an environment; the earlier one back."),
    (("deploy", "status"), "Serve what the release branch says; what is served."),
    (("monitor",), "Drift and real performance of what production serves."),
    (("demo", "schema"), "The whole loop, played; the schema of mlops.yaml."),
)
SHOWN = frozenset(name for names, _ in LINES for name in names)


class Verbs(TyperGroup):
    """A group that imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of help."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command, from its module."""
        if cmd_name in VERBS and cmd_name not in self.commands:
            from cdml.cli.app import app

            importlib.import_module(f"cdml.cli.{VERBS[cmd_name]}")
            self.commands.update(typer_main.get_group(app).commands)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed; an unknown one is answered with the nearest name."""
        if args and args[0] not in VERBS:
            near = get_close_matches(args[0], VERBS, 1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """No section of its own: the first line shows the options, and the verbs need the screen."""
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table of verbs in `cdml --help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(", ".join(names), line) for names, line in LINES])
