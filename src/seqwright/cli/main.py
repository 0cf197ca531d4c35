"""`seqwright`: the command group, and error handling for all commands."""

import os
import shlex
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from seqwright.cli import program, streams
from seqwright.cli.check import check
from seqwright.cli.compare import compare
from seqwright.cli.demo import demo
from seqwright.cli.distill import distill
from seqwright.cli.evaluate import evaluate
from seqwright.cli.export import export
from seqwright.cli.inspect import inspect
from seqwright.cli.join import join
from seqwright.cli.predict import predict
from seqwright.cli.report import report
from seqwright.cli.score import score
from seqwright.cli.serve import serve
from seqwright.cli.suggest import suggest
from seqwright.cli.train import train
from seqwright.cli.tune import tune
from seqwright.cli.version import show as show_version
from seqwright.errors import AmbiguityError, SeqwrightError

__all__ = ["main"]


@click.group(
    invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip
@click.option("--version", is_flag=True, help="Show the version and the kernels in use, and exit.")
@click.option("--json", "as_json", is_flag=True, help="With --version: as JSON.")
@click.option(
    "--debug", is_flag=True, expose_value=False,  # `main` removes it from any position before "--"
    help="Show the traceback of an error; allowed at any position.",
)  # fmt: skip
@click.pass_context
def seqwright(context: click.Context, version: bool, as_json: bool) -> None:
    """Train sequence-to-sequence models on files of pairs, and run them.

    \b
    seqwright demo                            train a small model in two minutes
    seqwright train words.tsv                 train on lines of source<TAB>target
    seqwright predict words-model new.txt     answer each line
    seqwright evaluate words-model test.tsv   measure accuracy
    """
    if version:
        show_version(as_json=as_json)
        context.exit()
    if as_json:
        raise click.UsageError("--json before a command needs --version; commands take --json after their name")
    if context.invoked_subcommand is None:
        raise click.UsageError("Missing command.")


for _command in (
    train, predict, serve, evaluate, score, inspect, check, suggest, report, export, compare, tune, distill, join, demo,
):  # fmt: skip
    seqwright.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command of the arguments (default: of this process) and return its exit code.

    0: done.   1: failure.   2: misuse.   130: stopped with Ctrl-C.
    """
    # OpenBLAS reads this when NumPy is imported. The matrix products are small: more threads gain nothing, and on a
    # shared machine they spin while waiting for each other, thirty times as long as the product takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    n_options = given.index("--") if "--" in given else len(given)  # what follows "--" is no option
    debug = "--debug" in given[:n_options]
    given = [word for i, word in enumerate(given) if word != "--debug" or i > n_options]
    streams.prepare()
    if completion := os.environ.get("_SEQWRIGHT_COMPLETE"):  # set by the script that the shell loads
        return shell_complete(seqwright, {}, "seqwright", "_SEQWRIGHT_COMPLETE", completion)
    try:
        if not given:
            run(["--help"])
            return 2
        return run(given)
    except KeyboardInterrupt:
        say("seqwright: interrupted")
        return 130
    except BrokenPipeError:
        streams.discard_output()  # the reader, such as `head`, has enough
        return 0
    except AmbiguityError as error:
        if debug:
            raise
        code = fail(
            f"{error}; {'run one of these commands' if len(error.choices) > 1 else 'if so, run'}:",
            error.exit_code,
        )
        for choice in error.choices:
            say(f"  {program.name()} {shlex.join([*given, *choice])}")
        return code
    except SeqwrightError as error:
        if debug:
            raise
        return fail(str(error), error.exit_code)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        path = context.command_path if context else "seqwright"
        what = error.format_message()
        if context and what.startswith("Got unexpected extra") and _has_output(context.command):
            what += "; the output is given with -o"
        return fail(f"{what} (see {path} --help)", error.exit_code)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.filename is None and error.strerror:  # writing results failed
            streams.discard_output()  # from Python 3.14 on, what could not be written is written once more at exit
            return fail(f"standard output: {error.strerror}", 1)
        what = f"{type(error).__name__}: {error}"
        return fail(f"unexpected {what}; please report it with the traceback that --debug shows", 1)


def _has_output(command: click.Command) -> bool:
    return any("--output" in parameter.opts for parameter in command.params)


def run(arguments: list[str]) -> int:
    # Not `seqwright.main`: click exits with 1 on a closed pipe, and replaces KeyboardInterrupt with its own exception.
    try:
        with seqwright.make_context("seqwright", arguments) as context:
            seqwright.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    finally:
        sys.stdout.flush()
    return 0


def fail(message: str, exit_code: int) -> int:
    say("seqwright: error: " + " ".join(message.split("\n")))
    return exit_code


def say(message: str) -> None:
    click.echo(message, err=True)
