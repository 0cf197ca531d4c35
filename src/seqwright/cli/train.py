"""`seqwright train`."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["train"]


TOKENS = "characters, graphemes, words, or subwords:N for N subword units.  [default: found from the data]"
FORM = "Unicode normal form: NFC, NFD, NFKC, NFKD or none.  [default: found from the data]"


@click.command(short_help="Train a model on files of pairs.")
@click.argument("pairs", nargs=-1)
@click.option("--target", metavar="FILE", help="Parallel file of targets; PAIRS contains only sources then.")
@options.dev
@click.option("-o", "--output", metavar="DIR", help="Model directory to write.  [default: ./<PAIRS>-model]")
@options.overwrite
@options.seed
@options.epochs
@click.option(
    "--members",
    type=click.IntRange(min=1),
    metavar="N",
    help="Train an ensemble of N networks: slower, and more accurate.",
)
@click.option(
    "--cross-validate",
    type=click.IntRange(min=0, max=100),
    metavar="K",
    help="Measure accuracy and fit confidence by K-fold cross-validation, then train on all pairs; 0: hold out a tenth "
    "of the sources instead.  [default: 5 for 50 to 1,000 pairs without --dev and --time-budget, otherwise 0]",
)
@click.option(
    "--keep-folds",
    is_flag=True,
    help="Keep the models of the cross-validation, in folds/ of the model directory, for `seqwright join`.",
)
@click.option(
    "--candidates",
    type=click.IntRange(min=2, max=8),
    metavar="N",
    help="Try N settings of the network (attention, size, dropout) on fewer epochs first, and train with the best.",
)
@options.time_budget
@options.checkpoint_every
@options.threads
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "mps", "auto"]),
    help="Train with PyTorch (pip install 'seqwright[torch]') on this device; auto takes a GPU if there is one.  "
    "[default: our own kernels on the processor]",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="Precision of the products on --device; bfloat16 is faster on recent GPUs.  [default: float32]",
)
@options.ray
@options.reading
@click.option("--source-tokens", metavar="KIND", help=TOKENS)
@click.option("--target-tokens", metavar="KIND", help=TOKENS)
@click.option("--source-form", metavar="FORM", help=FORM)
@click.option("--target-form", metavar="FORM", help=FORM)
@click.option(
    "--lexicon", metavar="FILE", help="Pairs stored with the model: their sources get their targets as answers."
)
@click.option(
    "--unlabelled", metavar="FILE",
    help="Sources without targets, one a line: confident answers of a first ensemble to them become training pairs.",
)  # fmt: skip
@click.option(
    "--also", metavar="FILE", help="Related pairs (another language, period or dialect) to train on besides PAIRS."
)
@click.option("--cache", metavar="DIR",
              help="Directory for preprocessed data that exceeds memory. Entries unused for 30 days, or for 7 days "
                   "while 3 others were used, are removed.  [default: the directory of PAIRS]")  # fmt: skip
@click.option("--log", type=click.Choice(["tensorboard"]), help="Also write TensorBoard logs to DIR/tensorboard.")
@options.config_file
@options.settings
@click.option("--fine-tune", metavar="MODEL", help="Initialise from the weights of this model; new symbols are added.")
@click.option("--from-manifest", metavar="FILE", help="Repeat the training that a manifest.json records.")
@click.option("--data-dir", metavar="DIR", help="For --from-manifest: directory of its data files.")
@click.option(
    "--print-config",
    is_flag=True,
    help="Print all settings as TOML for --config, with those that follow from PAIRS, and exit.",
)
@options.quiet
def train(
    *,
    pairs: tuple[str, ...],
    target: str | None,
    dev: str | None,
    output: str | None,
    overwrite: bool,
    seed: int | None,
    epochs: int | None,
    members: int | None,
    cross_validate: int | None,
    keep_folds: bool,
    candidates: int | None,
    time_budget: float | None,
    checkpoint_every: float | None,
    device: str | None,
    precision: str | None,
    ray: str | None,
    source_tokens: str | None,
    target_tokens: str | None,
    source_form: str | None,
    target_form: str | None,
    lexicon: str | None,
    unlabelled: str | None,
    also: str | None,
    cache: str | None,
    log: str | None,
    config_file: str | None,
    settings: tuple[str, ...],
    fine_tune: str | None,
    from_manifest: str | None,
    data_dir: str | None,
    print_config: bool,
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Train a model on PAIRS, one or more files of source<TAB>target lines, and write a model directory.

    A third column of tags is read as features. Headers, comments and other columns (counts, probabilities, ...) are
    detected and ignored; the detected format is printed, and the options below override it. Formats are TSV, CSV,
    dictionaries (WORD  PH PH), JSON, Parquet and Arrow, also compressed (.gz, .bz2, .xz, .zst). - is standard input, a
    pattern such as 'part-*.tsv' selects several files, and a.ko,b.en is a pair of parallel files.

    Tokenisation, network and schedule are chosen from the data. The weights with the best dev score are kept: exact
    match for strings, loss and chrF for sentences. An interrupted training loses no work: the same command resumes it
    and produces the same model, bit for bit.

    With --unlabelled or --also, a first model is trained on PAIRS alone. The model that is then trained on both is kept
    unless its dev score, or its accuracy in cross-validation, is lower by more than one standard error.

    With --device, PyTorch trains the same network, and `torchrun --nproc-per-node 4 -m seqwright train ...` does so in
    several processes; the model directory is the same, and PyTorch is not needed to use it.

    With --ray, the members of an ensemble are trained at the same time on a Ray cluster, whose machines share
    the model directory. The model is the same, and an interrupted training may be continued with or without --ray.

    \b
    Examples:
      seqwright train words.tsv
      seqwright train words.tsv --dev dev.tsv -o words-model --time-budget 10m
      seqwright train corpus.ko --target corpus.en --target-tokens subwords:8000
      seqwright train --from-manifest words-model/manifest.json -o the-same-model
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import config as configuration
    from seqwright import engines, training
    from seqwright.cli import display, progress
    from seqwright.data import readers

    flags = {
        "training.seed": seed, "training.epochs": epochs, "training.members": members,
        "training.cross_validation": cross_validate, "training.candidates": candidates,
        "training.keep_folds": True if keep_folds else None,
        "training.time_budget_s": time_budget, "training.checkpoint_every_s": checkpoint_every,
        "training.device": device, "training.precision": precision,
        "training.cache": cache, "training.log": log, "training.lexicon": lexicon,
        "training.unlabelled": unlabelled, "training.also": also,
        "text.source_tokens": source_tokens, "text.target_tokens": target_tokens,
        "text.source_form": source_form, "text.target_form": target_form,
    }  # fmt: skip
    settings += options.as_settings(reading)
    settings += tuple(f"{key}={json.dumps(value)}" for key, value in flags.items() if value is not None)
    keys = configuration.load(Path(config_file)) if config_file else {}
    config = configuration.parse(keys, settings, origin=config_file or "--set")
    if print_config and not (pairs or from_manifest):
        click.echo(configuration.to_toml(config), nl=False)
        return
    files: readers.Paths = pairs
    if pairs and target is not None:
        files = readers.Parallel(pairs[0], target)
    dev_files: readers.Paths | None = dev
    if from_manifest is not None:
        if pairs or target or dev or config_file or settings or fine_tune:
            raise click.UsageError("--from-manifest takes pairs and settings from the manifest; pass neither.")
        files, dev_files, config, fine_tune = training.recall(from_manifest, data_dir=data_dir)
        pairs = tuple(map(str, files))
        output = output or f"{Path(from_manifest).resolve().parent.name}-again"
    elif data_dir is not None:
        raise click.UsageError("--data-dir needs --from-manifest.")
    if not pairs:
        raise click.UsageError("Missing argument PAIRS, a file of source<TAB>target lines.")
    if target is not None and len(pairs) > 1:
        raise click.UsageError("--target needs exactly one file of sources.")
    if print_config:
        with contextlib.nullcontext() if quiet else progress.busy("reading the pairs"):
            found = training.completed(files, dev=dev_files, config=config, base=fine_tune)
        click.echo(configuration.to_toml(found), nl=False)
        return
    if output is None:
        if pairs[0] == "-":
            raise click.UsageError("Pairs from standard input have no name; give the model directory with --output.")
        output = f"{options.stem(pairs[0])}-model"
    if fine_tune is not None and from_manifest is None:
        training.check_fine_tune(fine_tune, config, [setting.partition("=")[0].strip() for setting in settings])
    execute = None
    if ray is not None:
        from seqwright.cli import on_ray

        execute = on_ray.cluster(ray, files, dev_files, device=config.training.device)
    with display.listening(suggests=True, quiet=quiet or not engines.leads()) as listen:
        training.train(
            files,
            output=output,
            dev=dev_files,
            config=config,
            overwrite=overwrite,
            fine_tune=fine_tune,
            listen=listen,
            command=sys.argv,
            execute=execute,
        )
