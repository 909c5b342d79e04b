import json

import pytest

from im2txt.errors import UserError
from im2txt.evaluation.named_predictions import read_named_predictions


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a=b.json"
    path.write_text(json.dumps([{"image_id": 7, "caption": "a dog"}]), encoding="utf-8")
    return path


def test_each_system_has_its_captions_in_the_order_given(file):
    expected = {"7": "a dog"}
    assert read_named_predictions([f"NIC={file}", f"b={file}"]) == {"NIC": expected, "b": expected}
    assert read_named_predictions([]) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["{}"], "give a name and a file, as in --predictions=nic=predictions.json"),
        (["a="], "--predictions=a=: give a name and a file"),
        (["a={}", "a={}"], "there is already a system `a`. Give each its own name."),
        (["Human={}"], "there is already a system `Human`"),
        (["a=gone.json"], "Cannot read gone.json: No such file or directory."),
    ],
)
def test_mistakes_are_told(file, given, message):
    name = str(file).replace("a=b.json", "c.json")
    file.rename(name)
    with pytest.raises(UserError) as error:
        read_named_predictions([each.replace("{}", name) for each in given], taken=["Human"])
    assert message in str(error.value)
