"""The command and its flags; what it builds is tested with the modules that build it."""

import pytest

from data_prep import build_records
from im2txt.errors import UserError
from im2txt.text.tokenizer import KINDS
from tests.data_prep.flickr8k_builds import build
from tests.helpers import run_command


def test_the_command_prints_counts(source, output, capsys):
    build(source, output)
    assert capsys.readouterr().out == (
        f"train: 5 images, 10 captions\nval: 2 images, 4 captions\nskipped: 0\nrecords: {output}\n"
    )


def test_help_shows_the_datasets_and_the_flags():
    done = run_command(build_records, "--help")
    assert done.code == 0
    assert "flickr8k (" in done.out
    assert "--min_word_count" in done.out


def test_where_to_get_a_dataset_is_told():
    done = run_command(build_records, "--dataset=flickr8k", "--download")
    assert done.code == 0
    assert "Flickr8k.token.txt" in done.out


def test_every_tokenizer_can_be_asked_for():
    assert tuple(build_records.TOKENIZERS) == KINDS


def test_an_unknown_dataset_is_refused(source, output):
    with pytest.raises(UserError, match=r"--dataset=flikr8k: there is no such dataset\. Did you mean `flickr8k`"):
        build(source, output, dataset="flikr8k")


def test_the_output_must_be_given():
    done = run_command(build_records, "--dataset=scenes")
    assert done == (1, "", "error: Say where the records shall go: --output=DIR.\n")


def test_a_bucket_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run_command(build_records, "--dataset=scenes", "--output=gs://bucket/records")
    assert done.err == "error: --output=gs://bucket/records is no folder. Mount the bucket, and give the path.\n"
    assert not list(tmp_path.iterdir())


def test_a_stray_argument_is_refused():
    done = run_command(build_records, "--dataset=flickr8k", "--output=x", "false")
    assert done == (1, "", "error: Unexpected argument 'false': everything is given as --flag=value.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--grow_vocabulary"],
            "--grow_vocabulary needs the vocabulary to grow: --vocabulary=RECORDS/vocabulary.txt.",
        ),
        (
            ["--vocabulary=v.txt", "--min_word_count=5"],
            "--min_word_count chooses words, but --vocabulary gives them. Leave one of the two out.",
        ),
        (
            ["--vocabulary=v.txt", "--vocabulary_size=99"],
            "--vocabulary_size chooses words, but --vocabulary gives them. Leave one of the two out.",
        ),
        (
            ["--runner=beam", "--workers=2"],
            "--workers is of --runner=local; Beam's runners have options of their own, behind `--`.",
        ),
        (["--source=s3://bucket/x"], "--source=s3://bucket/x is no folder. Mount the bucket, and give the path."),
        (["--max_skipped=nan"], "--max_skipped=nan is no number. Give a share from 0 to 1."),
    ],
)
def test_flags_that_make_no_sense_or_have_no_effect_are_refused(output, arguments, message):
    done = run_command(build_records, "--dataset=scenes", f"--output={output}", *arguments)
    assert done == (1, "", f"error: {message}\n")
    assert not output.exists()
