"""Every command and code block of the documents runs, in a folder with small files of the names that they use.

Cells of pages (`{code-cell}`) run when the site is built. A block that cannot run states why in a comment before it:
<!-- not run: it needs a GPU -->.
"""

import importlib.util
import itertools
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import click
import documents
import pytest

from seqwright import config, training
from seqwright.cli.main import seqwright

HERE = Path(__file__).parent
BLOCKS = documents.distinct(block for path in documents.documents() for block in documents.blocks(path))
SPANS = documents.distinct(span for path in documents.documents() for span in documents.spans(path))
COMMANDS = [
    *(block for block in BLOCKS if block.language in documents.SHELL),
    *(span for span in SPANS if not documents.PATTERN.search(span.text)),
]
PYTHON = [block for block in BLOCKS if block.language == "python"]
CELLS = [block for block in BLOCKS if block.language == "{code-cell}"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the blocks are for a POSIX shell")


def lines(*pairs: tuple[str, ...], by: str = "\t") -> str:
    return "".join(by.join(pair) + "\n" for pair in pairs)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the documents name; copy it before running anything there."""
    folder = tmp_path_factory.mktemp("documents")
    stems = ["".join(letters) for letters in itertools.product("tomapn", "eoai", "tlkr", "oa")]
    spoken = [(word, " ".join(word.upper())) for word in stems]  # letters as phonemes
    words = spoken[::3]
    forms = [(stem, f"{stem}{ending}", tag) for stem in stems[::5] for tag, ending in (("PL", "s"), ("V;PST", "ed"))]
    french = [(f"{who} {what} ici .", f"{w} {x} here .") for who, w in (("Il", "He"), ("Elle", "She"), ("Tom", "Tom"))
              for what, x in (("dort", "sleeps"), ("mange", "eats"), ("chante", "sings"))]  # fmt: skip
    texts = {
        "words.tsv": lines(*words), "dev.tsv": lines(*spoken[1:60:6]),
        "test.tsv": lines(*spoken[2:60:6]), "new.txt": "tomato\npotato\n\n",
        "new.tsv": lines(*spoken[1::4]), "exceptions.tsv": lines(("tomato", "T AH")),
        "related.tsv": lines(*words[::2]), "words.txt": "".join(f"{w}\n" for w in stems[1::9]),
        "pronunciations.txt": "T O M A T O\nP O T A T O\n", "corpus.fr": "".join(f"{a}\n" for a, _ in french),
        "corpus.en": "".join(f"{b}\n" for _, b in french), "corpus.tsv": lines(*french), "train.tsv": lines(*french),
        "corpus.ko": "".join(f"나는 {i}을 먹는다.\n" for i in range(len(french))),
        "words.csv": "word,ipa,count\n" + lines(*((*pair, "1") for pair in words), by=","),
        "quoted.tsv": lines(*((f'"{a}"', f'"{b}"') for a, b in words)),
        "entries.txt": "% a comment\n" + lines(*words, by="|"),
        "lexicon.dict": lines(*words, by="  "),
        "forms.tsv": lines(*forms), "lemmas.tsv": lines(("tomato", "PL"), ("tomato", "V;PST")),
        "pairs.jsonl": "".join(f'{{"source": "{a}", "target": "{b}"}}\n' for a, b in words),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "old.tsv").write_text(lines(*((f"{a}é", b) for a, b in words)), encoding="latin-1")
    for name, seed, pairs in (("words-model", 1, "words"), ("other-model", 2, "words"), ("forms-model", 1, "forms")):
        # Trained so far that its answers have letters, of which a student can learn.
        settings = ["model.hidden_size=24", "model.embedding_size=8", "optim.learning_rate=1e-2", "training.epochs=15",
                    "training.batch_size=8", f"training.seed={seed}"]  # fmt: skip
        training.train(folder / f"{pairs}.tsv", output=folder / name, config=config.parse({}, settings))
    for name, model in (("one-model", "words-model"), ("model-1", "words-model"), ("model-2", "other-model")):
        shutil.copytree(folder / model, folder / name)
    (folder / "data").mkdir()
    (folder / "data" / "part-0.txt").write_text("tomato\n", encoding="utf-8")
    if importlib.util.find_spec("pyarrow") is not None:
        from pyarrow import parquet, table

        parquet.write_table(table({"source": ["tomato", "potato"]}), folder / "data" / "words.parquet")
        columns = dict(zip(("word", "ipa"), map(list, zip(*words, strict=True)), strict=True))
        parquet.write_table(table(columns), folder / "words.parquet")
    return folder


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of programs for the search path: `seqwright` and `torchrun` that are short, `pip` that checks."""
    folder = tmp_path_factory.mktemp("programs")
    for name, arguments in (
        ("seqwright", [HERE / "short.py"]), ("pip", [HERE / "checking_pip.py"]), ("python", []), ("python3", []),
    ):  # fmt: skip
        (folder / name).write_text(f'#!/bin/sh\nexec {" ".join(map(str, [sys.executable, *arguments]))} "$@"\n')
        (folder / name).chmod(stat.S_IRWXU)
    return folder


def run(command: list[str], block: documents.Block, folder: Path, programs: Path, where: Path) -> None:
    """Run a block in a copy of the folder, and fail with all that it printed unless its exit code is 0."""
    if block.reason:
        pytest.skip(f"{block}: {block.reason}")
    for module in block.needs:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{block}: {module} is not installed")
    shutil.copytree(folder, where)
    environment = {
        **os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, timeout=240, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_command_of_the_documents_runs(block, folder, programs, tmp_path):
    run(["bash", "-euo", "pipefail", "-c", block.text], block, folder, programs, tmp_path / "here")


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_a_python_block_of_the_documents_runs(block, folder, programs, tmp_path):
    (tmp_path / "block.py").write_text(block.text, encoding="utf-8")
    run([sys.executable, str(HERE / "short_python.py"), str(tmp_path / "block.py")], block, folder, programs,
        tmp_path / "here")  # fmt: skip


def test_all_languages_of_blocks_are_known():
    """A block of another language would be skipped in silence."""
    shown = {"text", "yaml", "html", "json", "js", "csharp", "dockerfile", "toml"}
    known = {*documents.SHELL, *shown, "python", "math"}
    directive = re.compile(r"\{[\w-]+\}.*")
    found = {block.language for block in BLOCKS if not directive.fullmatch(block.language)}
    assert found <= known


def test_every_option_in_the_documents_is_one_of_its_command():
    options = {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in seqwright.commands.items()
        if isinstance(command, click.Command)
    }
    wrong = []
    for span in SPANS:
        _, name, *rest = span.text.split()
        allowed = options.get(name, set()) | {"--help", "-h", "--version", "--json", "--debug"}
        wrong += [f"{span}: {name} {word}" for word in rest if re.match("--?[a-z]", word) and word not in allowed]
    alone = re.compile(r"(?<!`)`(--[a-z][a-z-]+)\b[^`]*`(?!`)")
    of_torchrun = {"--nproc-per-node", "--max-restarts"}
    known = set().union(*options.values(), of_torchrun, {"--help", "--version"})
    for path in documents.documents():
        wrong += [f"{path.name}: {option}" for option in alone.findall(path.read_text("utf-8")) if option not in known]
    assert not wrong


def test_the_documents_have_commands_to_run():
    """The patterns that find blocks still do so."""
    assert len([block for block in COMMANDS if not block.reason]) > 60
    assert len(PYTHON) > 4
    assert len(CELLS) > 50
