"""From a file of pairs to a model directory, as the command does it."""

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib

import pytest
from command import TINY, posix, process, start

import seqwright as package
from seqwright import config

ONE_EPOCH = [*TINY, "--epochs", "1"]


def metrics(model):
    return [json.loads(line) for line in (model / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_display_has_data_measurements_result_and_a_command_to_try(tmp_path, seqwright, pairs):
    model = tmp_path / "model"
    result = seqwright("train", pairs, "-o", model, "--epochs", 2, *TINY)
    assert result.code == 0
    assert result.out == ""  # results alone go there, and a training has none
    for line in (
        r"^pairs    5\d for training, \d dev sources \(held out of .*pairs.tsv\)$",
        r"^source   8 symbols: characters in NFC$",
        r"^target   8 symbols: characters in NFC$",
        r"^network  [\d,]+ parameters: bidirectional LSTM of 8, .* attention$",
        r"^kernels  .*kernels",
        r"^training 2 epochs in batches of \d+, seed 1$",
        r"^epoch +1.00  loss \d\.\d{3}  dev exact match +\d+\.\d %  TER +\d+\.\d %  \d+:\d\d  best$",
        r"^selected dev exact match \d+\.\d %, epoch \d\.\d\d$",
        rf"^model    {re.escape(str(model))}$",
        r"^try      .* predict ",
    ):
        assert re.search(line, result.err, re.MULTILINE), (line, result.err)


def test_the_display_names_each_kind_of_network_of_an_ensemble(tmp_path, seqwright, pairs):
    config = tmp_path / "mixed.toml"
    config.write_text('[training]\nmembers = 3\n[[others]]\nhidden_size = 6\nattention = "bilinear"\n[[others]]\n')
    result = seqwright("train", pairs, "-o", tmp_path / "model", "--config", config, "--epochs", 1, *TINY)
    network = re.search(r"^network .*\n(?: +also: .*\n)*", result.err, re.MULTILINE)[0]
    assert re.sub(r"[\d,]+ parameters", "N parameters", network).splitlines() == [
        "network  N parameters: bidirectional LSTM of 8, additive attention",
        "         also: bidirectional LSTM of 6, bilinear attention",
    ]


@posix
@pytest.mark.parametrize("name", ["pairs.tsv", "pairs.dict", "pairs.jsonl", "features.tsv"])
def test_the_command_to_try_works_when_pasted(tmp_path, pairs, name):
    rows = [line.split("\t") for line in pairs.read_text(encoding="utf-8").splitlines()]
    write = {
        "pairs.tsv": lambda a, b: f"{a}\t{b}\n",
        "pairs.dict": lambda a, b: f"{a}  {' '.join(b)}\n",
        "pairs.jsonl": lambda a, b: json.dumps({"source": a, "target": b}) + "\n",
        "features.tsv": lambda a, b: f"{a}\t{b}\tV;X\n",
    }[name]
    path = tmp_path / f"some {name}"
    path.write_text("".join(write(*row) for row in rows), encoding="utf-8")
    err = process("train", path, "-o", tmp_path / "a model", *ONE_EPOCH).err
    command = re.search(r"^try      (.*)$", err, re.MULTILINE)[1]
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # a shell is the point
    assert done.stdout.count("\n") == 3
    assert "warning" not in done.stderr
    assert any(row[0] in command for row in rows)
    assert not any("  " in word for word in command.split("'"))


def test_a_training_that_is_over_is_not_repeated(tmp_path, seqwright, pairs):
    command = ["train", pairs, "-o", tmp_path / "model", *ONE_EPOCH]
    assert seqwright(*command).code == 0
    again = seqwright(*command)
    assert (again.code, again.out) == (0, "")
    assert "already trained on the same data with the same settings" in again.err
    assert "seed was 1, is 5" in seqwright(*command, "--seed", 5).refused(2)


@pytest.mark.parametrize(
    "setting", ["model.hidden_size=64", "model.layers=1", "model.attention=none", "text.source_tokens=words"]
)
def test_settings_that_the_model_to_fine_tune_decides_are_refused(tmp_path, seqwright, pairs, setting):
    deep = ["--set", "model.layers=2"] if setting == "model.layers=1" else []
    assert seqwright("train", pairs, "-o", tmp_path / "base", *ONE_EPOCH, *deep).code == 0
    tuned = ["train", pairs, "-o", tmp_path / "model", "--epochs", 1, "--fine-tune", tmp_path / "base"]
    said = seqwright(*tuned, "--set", setting).refused(2)
    assert f"{setting.replace('=', ' = ')}, but the model to fine-tune has" in said
    assert seqwright(*tuned, "--set", "model.dropout=0.5").code == 0
    assert package.load(tmp_path / "model").bundle.config.model.dropout == 0.5


def test_a_manifest_finds_its_files_from_another_directory(tmp_path, seqwright, pairs, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(pairs.parent)
    assert seqwright("train", pairs.name, "-o", tmp_path / "here" / "model", *ONE_EPOCH).code == 0
    monkeypatch.chdir(tmp_path / "here")
    assert seqwright("train", "--from-manifest", "model/manifest.json", "-o", "again").code == 0
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    pairs.rename(moved / pairs.name)
    said = seqwright("train", "--from-manifest", "model/manifest.json", "-o", "third").refused(1)
    assert "no such file" in said
    assert "--data-dir" in said
    told = ["train", "--from-manifest", "model/manifest.json", "--data-dir", moved, "-o", "third"]
    assert seqwright(*told).code == 0
    first, *others = (
        (tmp_path / "here" / name / "model.safetensors").read_bytes() for name in ("model", "again", "third")
    )
    assert others == [first, first]


def test_the_default_output_is_named_after_the_file(tmp_path, seqwright, pairs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.tsv.gz").write_bytes(gzip.compress(pairs.read_bytes()))
    assert seqwright("train", "pairs.tsv", *ONE_EPOCH, "-q").code == 0
    assert seqwright("train", "words.tsv.gz", *ONE_EPOCH, "-q").code == 0
    first, second = (package.load(tmp_path / f"{name}-model").bundle.weights for name in ("pairs", "words"))
    assert all((first[name] == second[name]).all() for name in first)


def test_pairs_are_read_from_standard_input(tmp_path, seqwright, pairs, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pairs.read_bytes())))
    result = seqwright("train", "-", "-o", tmp_path / "model", *ONE_EPOCH)
    assert result.code == 0
    assert "held out of standard input" in result.err
    package.load(tmp_path / "model")


def test_quiet_prints_nothing(tmp_path, seqwright, pairs):
    result = seqwright("train", pairs, "-o", tmp_path / "model", *ONE_EPOCH, "--quiet")
    assert result == (0, "", "")


def test_printed_configuration_can_be_given_back(tmp_path, seqwright):
    settings = [
        "--set",
        "model.attention=none",
        "--set",
        "optim.clip_norm=none",
        "--seed",
        "7",
        "--time-budget",
        "1h30m",
    ]
    printed = seqwright("train", "--print-config", *settings)
    file = tmp_path / "settings.toml"
    file.write_text(printed.out, encoding="utf-8")
    again = seqwright("train", "--print-config", "--config", file)
    assert printed.code == again.code == 0
    assert again.out == printed.out
    assert config.parse(config.load(file)) == config.parse(
        {}, ["model.attention=none", "optim.clip_norm=none", "training.seed=7", "training.time_budget_s=5400"]
    )


@pytest.mark.parametrize("options", [[], ["--cross-validate", "0"]])
def test_the_printed_configuration_has_the_settings_of_the_data_and_leads_to_the_same_model(
    tmp_path, seqwright, pairs, options
):
    settings = ["--set", "model.hidden_size=8", "--set", "training.epochs=2", *options]
    printed = seqwright("train", pairs, *settings, "--print-config")
    assert (printed.code, printed.err) == (0, "")
    assert not (tmp_path / "pairs-model").exists()
    file = tmp_path / "settings.toml"
    file.write_text(printed.out, encoding="utf-8")
    found = config.load(file)
    assert {"attention", "dropout", "embedding_size"} <= found["model"].keys()
    assert found["text"]["source_tokens"] == "characters"
    assert found["training"]["cross_validation"] == (0 if options else 5)
    assert seqwright("train", pairs, *settings, "-o", tmp_path / "whole").code == 0
    assert seqwright("train", pairs, "--config", file, "-o", tmp_path / "again").code == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "again")]
    assert weights[0] == weights[1]
    repeated = seqwright("train", "--from-manifest", tmp_path / "whole" / "manifest.json", "--print-config")
    assert config.load(file)["model"] == tomllib.loads(repeated.out)["model"]


def test_what_candidates_are_to_find_is_not_printed(seqwright, pairs):
    printed = seqwright("train", pairs, "--candidates", "2", "--print-config").out
    assert "# attention =" in printed
    assert "batch_size = 8" in printed


def test_flags_win_over_settings_and_settings_over_the_file(tmp_path, seqwright):
    file = tmp_path / "settings.toml"
    file.write_text("[training]\nseed = 2\nepochs = 2\ndev_limit = 2\n", encoding="utf-8")
    over = ["--set", "training.seed=3", "--set", "training.epochs=3", "--seed", "4"]
    lines = seqwright("train", "--print-config", "--config", file, *over).out.splitlines()
    assert {"seed = 4", "epochs = 3", "dev_limit = 2"} <= set(lines)


def test_a_time_budget_ends_a_training(tmp_path, seqwright, pairs):
    result = seqwright("train", pairs, "-o", tmp_path / "model", *TINY, "--epochs", 10**6, "--time-budget", "1s",
                       "--set", "training.patience=none")  # fmt: skip
    assert "1:00" not in result.err
    assert "0:01 at most" in result.err
    assert metrics(tmp_path / "model")[-1]["reason"] in {"time budget", "perfect"}


@posix
def test_ctrl_c_keeps_the_best_model_and_prints_its_path(tmp_path, pairs):
    model = tmp_path / "model"
    endless = ["--epochs", 10**6, "--set", "training.patience=none", "--set", "optim.learning_rate=1e-9"]
    running = start("train", pairs, "-o", model, *TINY, *endless)
    waited_until = time.monotonic() + 60
    while not (model / "metrics.jsonl").exists() and time.monotonic() < waited_until:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert f"model    {model}\n" in err.decode()
    assert metrics(model)[-1]["reason"] == "interrupted"
    assert len(package.load(model).predict(["abc"])) == 1


@posix
def test_ctrl_c_before_training_begins_leaves_nothing_that_blocks_the_next_try(tmp_path, pairs):
    pipe, model = tmp_path / "pipe.tsv", tmp_path / "model"
    os.mkfifo(pipe)
    running = start("train", pipe, "-o", model, *ONE_EPOCH)
    with pipe.open("wb"):  # returns when the command opens the other end; it then waits for pairs
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert (out, err) == (b"", b"stopped before training began; nothing was written\nseqwright: interrupted\n")
    assert not model.exists()
    assert process("train", pairs, "-o", model, *ONE_EPOCH).code == 0


@pytest.fixture
def inflection(data_dir, tmp_path):
    lines = (data_dir / "turkish-inflection" / "train-medium.tsv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "inflection.tsv"
    path.write_text("".join(f"{line}\n" for line in lines[:80]), encoding="utf-8")
    return path


def test_features_go_through_train_predict_and_evaluate(tmp_path, seqwright, inflection):
    model, asked = tmp_path / "model", tmp_path / "asked.txt"
    assert "3 features" in seqwright("train", inflection, "-o", model, *ONE_EPOCH).err
    rows = [line.split("\t") for line in inflection.read_text(encoding="utf-8").splitlines()]
    asked.write_text("".join(f"{source}\t{features}\n" for source, _, features in rows), encoding="utf-8")
    answers = seqwright("predict", model, asked)
    expected = package.load(model).predict([row[0] for row in rows], features=[row[2] for row in rows])
    assert answers[:2] == (0, "".join(f"{hypotheses[0].text}\n" for hypotheses in expected))
    scores = json.loads(seqwright("evaluate", model, inflection, "--json").out)
    assert scores["n"] == len({(row[0], row[2]) for row in rows})
    asked.write_text(f"{rows[0][0]}\tNOSUCH;FEATURE\n", encoding="utf-8")
    assert "'NOSUCH'" in seqwright("predict", model, asked).err
    assert "unknown:feature:NOSUCH" in seqwright("predict", model, asked, "--tsv").out


def test_a_model_without_features_reads_only_the_first_column_and_warns(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\tV\n", encoding="utf-8")
    assert package.load(model).bundle.config.text.features_column == 0
    result = seqwright("predict", model, path)
    assert "only column 1 is read: this model has no features" in result.err
    path.write_text("abc\n", encoding="utf-8")
    assert result.out == seqwright("predict", model, path).out


def test_tensorboard_logs_are_written_with_the_option(tmp_path, seqwright, pairs):
    assert seqwright("train", pairs, "-o", tmp_path / "with", *ONE_EPOCH, "-q", "--log", "tensorboard").code == 0
    assert seqwright("train", pairs, "-o", tmp_path / "without", *ONE_EPOCH, "-q").code == 0
    assert len(list((tmp_path / "with" / "tensorboard").glob("events.out.tfevents.*"))) == 1
    assert not (tmp_path / "without" / "tensorboard").exists()


def test_a_manifest_repeats_its_training_to_the_byte(tmp_path, seqwright, pairs):
    assert seqwright("train", pairs, "-o", tmp_path / "first", "--seed", 3, *ONE_EPOCH, "-q").code == 0
    manifest = tmp_path / "first" / "manifest.json"
    assert seqwright("train", "--from-manifest", manifest, "-o", tmp_path / "again", "-q").code == 0
    first, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "again"))
    assert first == again


def test_a_manifest_takes_no_other_settings(tmp_path, seqwright):
    result = seqwright("train", "--from-manifest", tmp_path / "manifest.json", "--seed", 3)
    assert result.code == 2
    assert "--from-manifest takes pairs and settings from the manifest" in result.err


def test_a_line_too_long_for_a_batch_is_skipped_and_named(tmp_path, seqwright, pairs):
    with pairs.open("a", encoding="utf-8") as file:
        file.write("x" * 70_000 + "\ty\n")
    n_lines = pairs.read_text(encoding="utf-8").count("\n")
    result = seqwright("train", pairs, "-o", tmp_path / "model", *ONE_EPOCH)
    assert result.code == 0
    assert f"skipped  {pairs}, line {n_lines}: 70,004 tokens" in result.err


def test_the_models_of_the_folds_are_kept_on_request(tmp_path, seqwright, pairs):
    kept = ["--keep-folds", "--cross-validate", 2]
    result = seqwright("train", pairs, "-o", tmp_path / "model", *ONE_EPOCH, *kept)
    assert result.code == 0
    assert f"folds    {tmp_path / 'model' / 'folds'}: one model each" in result.err
    folds = sorted((tmp_path / "model" / "folds").iterdir())
    assert len(folds) == 2
    result = seqwright("join", tmp_path / "model", tmp_path / "model" / "folds" / "*", "-o", tmp_path / "joined")
    assert "an ensemble of 3 networks" in result.out
    assert "exact match: not measured" in result.out
