"""The reader of Visual Genome on folders of three photos, in the keys of every version."""

import json
from pathlib import Path

import pytest

from data_prep.datasets import visual_genome
from data_prep.datasets.visual_genome import Config
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.data.regions import Region
from im2txt.errors import UserError

URL = "https://cs.stanford.edu/people/rak248"
# In the order of image_data.json, which is not that of region_descriptions.json.
PHOTOS = (
    {"image_id": 1, "folder": "VG_100K_2", "width": 800, "height": 600, "coco_id": None, "flickr_id": None},
    {"image_id": 2, "folder": "VG_100K", "width": 400, "height": 200, "coco_id": 391895, "flickr_id": 8505158818},
    {"image_id": 3, "folder": "VG_100K", "width": 100, "height": 100, "coco_id": -1, "flickr_id": -1},
)
CLOCK = {"x": 421, "y": 57, "width": 82, "height": 139, "phrase": "the clock is green in colour"}
SHADE = {"x": 194, "y": 372, "width": 182, "height": 109, "phrase": "shade is along the street "}
SKY = {"x": 0, "y": 0, "width": 400, "height": 50, "phrase": "a blue sky"}
CAT = {"x": 10, "y": 20, "width": 30, "height": 40, "phrase": "a cat"}
REGIONS = {2: {21: SKY}, 1: {1382: CLOCK, 1383: SHADE}, 3: {31: CAT}}
SPLITS = {"test": [3], "train": [2], "val": [1]}


def image_entry(photo: dict, version: str) -> dict:
    key = "id" if version == "1.0" else "image_id"
    known = {name: photo[name] for name in ("width", "height", "coco_id", "flickr_id")}
    return {"url": f"{URL}/{photo['folder']}/{photo['image_id']}.jpg", key: photo["image_id"], **known}


def region_entry(image_id: int, region_id: int, region: dict, version: str) -> dict:
    if version == "1.0":
        return {"id": region_id, "image": image_id, **region}
    synsets = {"synsets": []} if version == "documented" else {}
    return {"region_id": region_id, "image_id": image_id, **region, **synsets}


def write_source(folder: Path, version: str = "1.2", regions: dict = REGIONS, splits: dict | None = SPLITS) -> Path:
    """Writes a folder of Visual Genome with one-line files, as they are handed out."""
    for photo in PHOTOS:
        (folder / photo["folder"]).mkdir(parents=True, exist_ok=True)
        (folder / photo["folder"] / f"{photo['image_id']}.jpg").write_bytes(b"a photo")
    write(folder / "image_data.json", [image_entry(photo, version) for photo in PHOTOS])
    key = "image_id" if version == "documented" else "id"
    entries = [
        {"regions": [region_entry(image, name, region, version) for name, region in named.items()], key: image}
        for image, named in regions.items()
    ]
    write(folder / "region_descriptions.json", entries)
    if version == "1.4":
        write(folder / "objects.json", [{"image_id": 1, "objects": []}])
    if splits is not None:
        write(folder / "densecap_splits.json", splits)
    return folder


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "vg")


def read(source, **options):
    return list(visual_genome.read(source, Config(**options)))


def skipped(items):
    return [item for item in items if isinstance(item, Skipped)]


def read_regions(tmp_path, *regions):
    """Reads image 2 (400 x 200 pixels) with these regions, whose ids are 70, 71 ..."""
    named = {70 + number: region for number, region in enumerate(regions)}
    return read(write_source(tmp_path / "vg", regions={2: named}, splits={"train": [2]}))


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.4", "documented"])
def test_images_of_every_version_are_joined_by_id_in_the_order_of_the_regions(tmp_path, version):
    source = write_source(tmp_path / "vg", version)
    ids = {"coco_id": 391895, "flickr_id": 8505158818}
    sky = Region((0.0, 0.0, 50 / 200, 1.0), "a blue sky")
    clock = Region((57 / 600, 421 / 800, 196 / 600, 503 / 800), "the clock is green in colour")
    shade = Region((372 / 600, 194 / 800, 481 / 600, 376 / 800), "shade is along the street")
    cat = Region((0.2, 0.1, 0.6, 0.4), "a cat")
    metadata = (
        {"width": 400, "height": 200, **ids, "region_ids": [21]},
        {"width": 800, "height": 600, "region_ids": [1382, 1383]},
        {"width": 100, "height": 100, "region_ids": [31]},
    )
    where = [f"region_descriptions.json:[{number}]" for number in range(3)]
    assert read(source) == [
        CaptionedImage("2", "train", (), source / "VG_100K/2.jpg", (sky,), metadata[0], where[0]),
        CaptionedImage("1", "val", (), source / "VG_100K_2/1.jpg", (clock, shade), metadata[1], where[1]),
        CaptionedImage("3", "test", (), source / "VG_100K/3.jpg", (cat,), metadata[2], where[2]),
    ]


@pytest.mark.parametrize("folder", ["VG_100K", "VG_100K_2", "images"])
def test_a_photo_is_found_in_any_folder(source, folder):
    (source / folder).mkdir(exist_ok=True)
    (source / "VG_100K" / "2.jpg").rename(source / folder / "2.jpg")
    assert read(source)[0].image == source / folder / "2.jpg"


def test_the_folder_of_the_url_goes_before_the_others(source):
    (source / "VG_100K" / "1.jpg").write_bytes(b"another photo")
    assert read(source)[1].image == source / "VG_100K_2" / "1.jpg"


def test_an_entry_without_url_is_looked_for(source):
    entries = [{"image_id": 1, "width": 800, "height": 600}]
    write(source / "image_data.json", entries)
    assert read(source)[1].image == source / "VG_100K_2" / "1.jpg"


def test_images_in_no_split_are_left_out_with_a_notice(tmp_path, capsys):
    source = write_source(tmp_path / "vg", splits={"train": [1], "val": [], "test": []})
    assert [item.image_id for item in read(source)] == ["1"]
    note = "note: left out, because densecap_splits.json does not name them: 2 images\n"
    assert capsys.readouterr().err == note


def test_all_train_needs_no_splits(tmp_path, capsys):
    source = write_source(tmp_path / "vg", splits=None)
    items = read(source, splits="all_train")
    assert [(item.image_id, item.split) for item in items] == [("2", "train"), ("1", "train"), ("3", "train")]
    assert capsys.readouterr().err == ""


def test_coco_images_are_left_out_of_train(tmp_path, capsys):
    (tmp_path / "ids.txt").write_text("391895\n")
    source = write_source(tmp_path / "vg")
    assert [item.image_id for item in read(source, exclude_coco=str(tmp_path / "ids.txt"))] == ["1", "3"]
    note = f"note: left out, because {tmp_path}/ids.txt names their COCO ids (training images only): 1 images\n"
    assert capsys.readouterr().err == note


def test_a_region_that_cannot_be_used_is_skipped_without_its_image(tmp_path):
    leaf = {"x": 181, "y": -871, "width": 25, "height": 24, "phrase": "A leaf on a stem."}
    *faults, image = read_regions(tmp_path, leaf, SKY, {**SKY, "phrase": " "}, CAT)
    box = "x 181, y -871, width 25, height 24"
    where = "region_descriptions.json:[0].regions"
    assert faults == [
        Skipped("2", f"{where}[0]", f"region 70: its box ({box}) has no area in the image of 400 x 200 pixels"),
        Skipped("2", f"{where}[2]", "region 72: its phrase is empty"),
    ]
    assert [region.phrase for region in image.regions] == ["a blue sky", "a cat"]
    assert image.metadata["region_ids"] == [71, 73]


def test_an_image_without_usable_regions_is_skipped_after_them(tmp_path):
    items = read_regions(tmp_path, {**SKY, "phrase": ""}, {**SKY, "width": 0})
    assert [item.where for item in items][:2] == [f"region_descriptions.json:[0].regions[{n}]" for n in (0, 1)]
    assert items[2] == Skipped("2", "region_descriptions.json:[0]", "none of its 2 regions can be used")


@pytest.mark.parametrize("entry", [{"id": 2, "regions": []}, {"id": 2}, {"id": 2, "regions": None}])
def test_an_image_without_regions_is_skipped(tmp_path, entry):
    source = write_source(tmp_path / "vg", splits={"train": [2]})
    write(source / "region_descriptions.json", [entry])
    assert read(source) == [Skipped("2", "region_descriptions.json:[0]", "it has no regions")]


def test_a_missing_photo_is_skipped(source):
    (source / "VG_100K_2" / "1.jpg").unlink()
    reason = "there is no 1.jpg in VG_100K/, VG_100K_2/, images/"
    assert skipped(read(source)) == [Skipped("1", "region_descriptions.json:[1]", reason)]


def test_an_image_that_image_data_does_not_name_is_skipped(source):
    write(source / "image_data.json", [image_entry(PHOTOS[0], "1.2"), {"url": "without an id"}, 7])
    reason = "image_data.json does not name it"
    assert skipped(read(source)) == [
        Skipped("2", "region_descriptions.json:[0]", reason),
        Skipped("3", "region_descriptions.json:[2]", reason),
    ]


@pytest.mark.parametrize("size", [{"width": 0}, {"width": -1}, {"height": None}, {"height": "600"}])
def test_an_image_of_unknown_size_is_skipped(tmp_path, size):
    source = write_source(tmp_path / "vg", splits={"val": [1]})
    write(source / "image_data.json", [{**image_entry(PHOTOS[0], "1.2"), **size}])
    reason = "image_data.json does not tell its width and height"
    assert read(source) == [Skipped("1", "region_descriptions.json:[1]", reason)]


def test_images_of_the_splits_that_have_no_regions_are_skipped_last(tmp_path):
    source = write_source(tmp_path / "vg", splits={"train": [1, 9, 8], "val": [], "test": [7]})
    items = read(source)
    assert items[0].image_id == "1"
    named = [("9", "train"), ("8", "train"), ("7", "test")]
    reason = "region_descriptions.json does not name it"
    assert items[1:] == [Skipped(image_id, f"densecap_splits.json:{split}", reason) for image_id, split in named]


@pytest.mark.parametrize("entry", [{"regions": []}, 7, {"id": None}])
def test_an_entry_without_id_is_skipped(source, entry):
    write(source / "region_descriptions.json", [entry])
    reason = f"expected `id` and `regions`, found {entry}"
    assert read(source)[0] == Skipped("", "region_descriptions.json:[0]", reason)


def test_regions_are_read_as_a_stream(source):
    """The first image comes out although the file breaks off behind it."""
    path = source / "region_descriptions.json"
    first, _, rest = path.read_text().partition(", {")
    path.write_text(f"{first},{' ' * 1_000_000}{{{rest[:-20]}")
    items = visual_genome.read(source, Config())
    assert next(items).image_id == "2"
    with pytest.raises(UserError, match=r"region_descriptions\.json is no whole JSON file"):
        list(items)


def test_expected_counts_are_those_of_densecap():
    assert visual_genome.expected(Config()) == {"train": 77398, "val": 5000, "test": 5000}
    assert visual_genome.expected(Config(exclude_coco="ids.txt")) == {"val": 5000, "test": 5000}
    assert visual_genome.expected(Config(splits="all_train")) == {}


def test_no_source():
    with pytest.raises(UserError, match=r"(?s)--dataset=visual_genome needs --source=DIR.*images2\.zip"):
        read(None)


def test_source_does_not_exist(tmp_path):
    with pytest.raises(UserError, match=r"(?s)nowhere: there is no such folder.*images2\.zip"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "what"),
    [("region_descriptions.json", "the file of regions"), ("image_data.json", "the file of image sizes")],
)
def test_source_without_an_annotation_file(source, name, what):
    (source / name).unlink()
    with pytest.raises(UserError, match=rf"(?s)vg: {what} is not there \(one of: {name}\).*images2\.zip"):
        read(source)


def test_source_without_photos(source):
    (source / "VG_100K").rename(source / "pictures")
    (source / "VG_100K_2").rename(source / "pictures_2")
    with pytest.raises(UserError, match=r"(?s)the folder of photos is not there \(one of: VG_100K, .*images2\.zip"):
        read(source)


@pytest.mark.parametrize("content", [[], {"images": []}, [{"url": "without an id"}]])
def test_image_data_that_names_no_image(source, content):
    write(source / "image_data.json", content)
    with pytest.raises(UserError, match=r'image_data\.json names no image\. Expected \[{"image_id": 1, "url"'):
        read(source)
