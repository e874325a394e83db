"""The `assay` command. One file a command group; each is imported only when it is called.

Exit codes: 0 done, 1 the work failed or found errors, 2 the command was used wrongly.
"""

from __future__ import annotations

import importlib
import sys

import click

from assay import __version__
from assay.errors import AssayError
from assay.formats.finding import printable

# name: (module, line for the overview). The overview must not import the modules: it is read often.
COMMANDS = {
    "serve": ("assay.cli.serve", "Run a hub on this machine."),
    "user": ("assay.cli.people", "Add accounts."),
    "token": ("assay.cli.people", "Make, list and revoke access tokens."),
    "org": ("assay.cli.people", "Add organisations and their members."),
    "check": ("assay.cli.check", "Check eval.yaml, assay.yaml and result files."),
    "board": ("assay.cli.board", "Show the board of a benchmark."),
    "unresolved": ("assay.cli.unresolved", "List results about benchmarks that are not there."),
    "show": ("assay.cli.show", "Show what is claimed about a model."),
    "submit": ("assay.cli.submit", "Report results for a model by pull request."),
    "rule": ("assay.cli.rule", "Dispute a claim, uphold or refute it."),
    "run": ("assay.cli.run", "Run a benchmark with Inspect and report the result."),
    "mirror": ("assay.cli.mirror", "Copy a repository from elsewhere, and keep it up to date."),
    "import-mteb": ("assay.cli.import_mteb", "Import the results of MTEB, with their history."),
    "index": ("assay.cli.index", "Rebuild, inspect or dump the index."),
    "backup": ("assay.cli.backup", "Write a whole hub to one file."),
    "restore": ("assay.cli.backup", "Make a data folder from a backup."),
    "demo": ("assay.cli.demo", "Start a hub with a real benchmark and real runs in it."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names in the order of `COMMANDS`: the order a newcomer meets them in."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one command that was asked for."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_")
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, from `COMMANDS` alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `assay demo`, or `assay serve` and then `assay user add NAME`.",
)
@click.version_option(__version__, prog_name="assay")
def assay() -> None:
    """Assay: an open, self-hosted home for community evals.

    Benchmarks are dataset repositories with an eval.yaml; scores are small YAML files in model
    repositories; anyone may report one by pull request; git says who said what, when.
    """


def main() -> None:
    """Run the command line; turn every `AssayError` into one clear sentence and exit code 1."""
    try:
        assay(prog_name="assay")
    except Exception as error:  # noqa: BLE001 - the command's edge: what is not ours is raised again
        _say(error)
        sys.exit(1)


def _say(error: Exception) -> None:
    from assay.storage.disk import find_no_room  # noqa: PLC0415 - most commands never need it

    error = find_no_room(error) or error
    if not isinstance(error, AssayError):
        raise error
    text = f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else "")
    for line in text.splitlines():
        click.echo(printable(line), err=True)


if __name__ == "__main__":
    main()
