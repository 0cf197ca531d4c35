"""`seqwright check`."""

from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["check"]


@click.command(short_help="Look for trouble in files of pairs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--config", "config_file", metavar="FILE", help="TOML file as for train; [text] says what stands where.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated.")
@options.reading
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every finding and every line.")
def check(
    *,
    files: tuple[str, ...],
    config_file: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    reading: dict[str, Any],
) -> None:
    """Look for what spoils a training in each FILE, lines of source<TAB>target as for train.

    The first FILE is the one to train on; the others, such as dev and test, are held against it. Found are sources
    that stand in two files, symbols that the first file lacks, characters that nobody sees or that look like others,
    mixed Unicode forms, empty and extreme texts, contradictions and duplicates, each with its lines.

    \b
    Examples:
      seqwright check words.tsv
      seqwright check train.tsv dev.tsv test.tsv
      seqwright check words.tsv --json > findings.json
      seqwright check sigmorphon2016.tsv --features-column 2 --target-column 3
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import config as configuration
    from seqwright import data_checks
    from seqwright.cli import findings

    keys = configuration.load(Path(config_file)) if config_file else {}
    config = configuration.parse(keys, settings + options.as_settings(reading), origin=config_file or "--set")
    result = data_checks.check_files(files, config=config.text)
    click.echo(findings.as_json(result) if as_json else findings.as_text(result))
