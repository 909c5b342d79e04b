"""Files for im2txt.score."""

import pytest

from tests.commands.score_files import CAPTIONS, REFERENCES, annotations, results


@pytest.fixture
def files(tmp_path):
    """The arguments that name a good predictions and a good references file; ids are numbers in one of them."""
    (tmp_path / "p.json").write_text(results(CAPTIONS), encoding="utf-8")
    (tmp_path / "r.json").write_text(annotations(REFERENCES), encoding="utf-8")
    return [f"--predictions={tmp_path / 'p.json'}", f"--references={tmp_path / 'r.json'}"]
