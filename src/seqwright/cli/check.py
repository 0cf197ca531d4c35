"""`seqwright check`."""

from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["check"]


@click.command(short_help="Check files of pairs for problems.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--config", "config_file", metavar="FILE", help="TOML file as for train; [text] is used.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated.")
@options.reading
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all findings and lines.")
def check(
    *,
    files: tuple[str, ...],
    config_file: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    reading: dict[str, Any],
) -> None:
    """Check each FILE of pairs for problems that harm training or evaluation.

    The first FILE is the training set; others, such as dev and test sets, are compared with it. The checks find
    sources in more than one file, symbols that are not in the training set, invisible and confusable characters, mixed
    Unicode forms, empty and unusually long texts, contradictory pairs and duplicates. Each finding lists its lines.

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
    from seqwright.cli import findings, progress

    keys = configuration.load(Path(config_file)) if config_file else {}
    config = configuration.parse(keys, settings + options.as_settings(reading), origin=config_file or "--set")
    with progress.busy("checking the pairs"):
        result = data_checks.check_files(files, config=config.text)
    click.echo(findings.as_json(result) if as_json else findings.as_text(result))
