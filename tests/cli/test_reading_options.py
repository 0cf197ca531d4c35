"""Options on how files of pairs are read, in every command that has them."""


def test_every_command_that_reads_pairs_refuses_the_format_of_parallel_files(tmp_path, trained, seqwright):
    source, target = tmp_path / "a.src", tmp_path / "a.trg"
    source.write_text("abc\nbca\ncab\n", encoding="utf-8")
    target.write_text("cba\nacb\nbac\n", encoding="utf-8")
    files = f"{source},{target}"
    commands = [
        ["train", files, "-o", tmp_path / "model"],
        ["train", source, "--target", target, "-o", tmp_path / "model"],
        ["check", files],
        ["evaluate", trained, files],
        ["score", trained, files],
        ["compare", trained, trained, files],
        ["export", trained, "--int8", "-o", tmp_path / "small", "--data", files],
        ["distill", trained, files, "-o", tmp_path / "small"],
    ]
    for command in commands:
        done = seqwright(*command, "--format", "csv")
        assert done.code == 2, (command, done)
        assert "--format csv has no meaning for two parallel files" in done.err, (command, done)
