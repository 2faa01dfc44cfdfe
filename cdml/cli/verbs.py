"""Every verb: the module that defines it and its line in `cdml --help`, so that help imports none of them."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import Any

from typer import main as typer_main
from typer.core import TyperGroup

# In the order of a project's life. A verb without a line is hidden: other programs call it.
VERBS: dict[str, tuple[str, str]] = {
    "init": ("init", "Scaffold a project, or adopt the repository you stand in."),
    "generate": ("generate", "Write dvc.yaml, CI and the schema from mlops.yaml."),
    "check": ("check", "Check mlops.yaml, data and repository: every problem at once."),
    "doctor": ("doctor", "Tokens, protection, remotes: what YAML cannot hold, and its fix."),
    "run": ("run", "Train and evaluate what changed, through DVC, as CI does."),
    "evaluator": ("evaluator", ""),
    "ci": ("ci", ""),
    "compare": ("compare", "Compare two models on the same rows, and judge the gates."),
    "explain": ("explain", "Say what was tested, how and why, in words."),
    "comment": ("comment", "Put what a pull request's run handed over on the pull request."),
    "pr": ("pr", "Open, list, show and merge pull requests."),
    "register": ("register", "Make a version of what main holds: a tag with provenance."),
    "registry": ("registry", "List, show and trace versions."),
    "promote": ("promote", "Open the pull request that puts a version into an environment."),
    "rollback": ("promote", "Serve the earlier version again, and hold it there."),
    "deploy": ("deploy", "Serve what the environment's release branch says."),
    "status": ("deploy", "Desired, recorded and actual version of every environment."),
    "demo": ("demo", "Play the whole loop in a temporary folder."),
    "schema": ("schema", "Print the JSON Schema of mlops.yaml."),
}


class Verbs(TyperGroup):
    """A group that imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of help."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command, from its module."""
        if cmd_name in VERBS and cmd_name not in self.commands:
            from cdml.cli.app import app

            importlib.import_module(f"cdml.cli.{VERBS[cmd_name][0]}")
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
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items() if line])
