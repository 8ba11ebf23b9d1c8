"""Command line of bank-tags: ``banktags --help``. Each command stands in a module of its own, read when it is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from banktags.settings import setting_faults, warn_unknown_settings
from banktags.stopping import ending_with, exit_code, is_told, listening

#: The commands in their order: where each stands, and the line that tells of it.
COMMANDS = {
    "explain": (
        "banktags.explain.command:explain",
        "Say why a customer has a tag (为什么), since when (起于), and what would change it (如何改变).",
    ),
    "freeze-rfm": (
        "banktags.freeze_rfm:freeze_rfm",
        "Write the RFM cut points that the last run computed into seed rfm_cut_points, for the period that comes next.",
    ),
    "load": (
        "banktags.load.command:load",
        "Check a bank's own extracts against the source contract and land them, all of the batch or none.",
    ),
    "parity": (
        "banktags.parity:parity",
        "Build one bank by DuckDB and by Spark, and compare every relation: row by row, value by value.",
    ),
    "publish": (
        "banktags.publish.command:publish",
        "Run the checks on what was built last, and give it to readers when all have passed.",
    ),
    "publish-postgres": (
        "banktags.postgres.command:publish_postgres",
        "Copy the version that readers have into a PostgreSQL server: all of it or nothing, with roles.",
    ),
    "query": ("banktags.query:query", "Run one SELECT on the warehouse, read-only, and print the first rows."),
    "review": (
        "banktags.review.command:review",
        "Write the quarterly review of the pyramid (定期复盘) as one HTML file: to read on a phone, to mail, to print.",
    ),
    "rollback": (
        "banktags.publish.command:rollback",
        "Give readers an earlier version again, from one moment to the next; the next night that passes replaces it.",
    ),
    "run": (
        "banktags.nightly.command:run",
        "Build one business date, or a range in order: check the batch, build, test, record the date as done, "
        "publish it.",
    ),
    "summary": ("banktags.summary:summary", "Say what the last dbt build made, where it is, and one query to try."),
    "simulate": (
        "banktags.simulate.command:simulate_command",
        "Write a demo bank: every table of the source contract as Parquet, and the planted truth in _truth/.",
    ),
    "versions": (
        "banktags.publish.command:show_versions",
        "List the versions that passed their checks, the newest first, and which of them readers see.",
    ),
    "backup": (
        "banktags.publish.backup_command:backup",
        "Copy what cannot be computed again into one file: history, logs, lists and records, as they are at one "
        "moment.",
    ),
    "restore": (
        "banktags.publish.backup_command:restore",
        "Put a backup in the place of what there is: lists, records, the version that readers see, and its history.",
    ),
    "audience": (
        "banktags.audience.command:app",
        "Audiences: count before saving, freeze for a campaign, export to a channel.",
    ),
    "campaign": ("banktags.campaign.command:app", "Campaigns and their readout."),
    "catalogue": ("banktags.catalogue.command:app", "The tag dictionary."),
    "new": ("banktags.new:app", "Scaffolds."),
    "portrait": (
        "banktags.portrait.command:app",
        "Portraits (画像) of a customer or a group; who opened which.",
    ),
    "tag": ("banktags.tag_life:app", "The life of a tag."),
    "tiers": ("banktags.tier_simulator:app", "The service tier and its policy."),
}


class Commands(TyperGroup):
    """The commands, each imported when it is run: who asks the warehouse does not wait until dbt is read."""

    _is_listing = False

    def list_commands(self, ctx: typer.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1]) if self._is_listing else command(cmd_name)

    def invoke(self, ctx: typer.Context) -> Any:
        with ending_with(), listening():
            try:
                return super().invoke(ctx)
            except typer.Exit as ended:
                # It has said why; that it was told to end is said by the code.
                raise SystemExit(exit_code() if ended.exit_code and is_told() else ended.exit_code) from None

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:
        with self._listing():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: typer.Context, incomplete: str) -> list[Any]:
        with self._listing():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _listing(self) -> Iterator[None]:
        """While the commands are only told of, by their lines here."""
        self._is_listing = True
        try:
            yield
        finally:
            self._is_listing = False


@cache
def command(name: str) -> TyperCommand | TyperGroup:
    """A command, or a group of commands, from its module."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name)(function)
    made = typer.main.get_command(found)
    made.name = name
    return made


app = typer.Typer(cls=Commands, no_args_is_help=True)


@app.callback()
def check_settings() -> None:
    """Customer tag warehouse for retail banks: demo bank, loader and helpers."""
    warn_unknown_settings()
    if faults := setting_faults():
        raise typer.BadParameter("; ".join(faults), param_hint="settings")
