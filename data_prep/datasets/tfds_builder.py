r"""Any dataset of TensorFlow Datasets that has an image and captions, such as its `coco_captions`.

The folder is what TensorFlow Datasets calls `data_dir` (by itself it would take ~/tensorflow_datasets):

    coco_captions/2014/1.1.0/dataset_info.json
    coco_captions/2014/1.1.0/features.json
    coco_captions/2014/1.1.0/coco_captions-train.tfrecord-00000-of-...

The code of a builder is not needed where its files are there. One example, as TensorFlow Datasets describes and hands
out coco_captions (Sequence of {"id", "text"} comes as a dict of arrays), and as it is read:

    {"image": Image(shape=(None, None, 3)), "image/filename": Text, "image/id": int64,
     "captions": Sequence({"id": int64, "text": string}), "objects": ...}

    {"image": b"\xff\xd8...", "image/id": 391895, "captions": {"text": [b"A man with a red helmet ...", ...]}, ...}

    CaptionedImage(image_id="391895", split="test", captions=("A man with a red helmet ...", ...),
                   image=b"\xff\xd8...", where="test[...]")

Which of the features are the image, its captions and its id: see `tfds_features`. `where` is written as TensorFlow
Datasets slices its splits.

Images are the encoded bytes that the builder stored, which are those of the original files wherever it was given
files. Examples are read one shard after another as a stream; their images are copied into the plan of the build, on
disk. A split `validation` becomes `val`, and the `restval` of coco_captions joins `train`, as in the literature
(Karpathy & Li, 2015); splits of other names keep them.

TensorFlow is loaded by `read` alone, because worker processes do without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from data_prep.datasets.tfds_features import Chosen, choose, undecoded_images
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import source_folder
from im2txt.errors import UserError
from im2txt.notices import notice

DOWNLOAD = """\
TensorFlow Datasets downloads and prepares its datasets itself, in --source=DIR (or --option=data_dir=DIR):
    tfds build coco_captions --data_dir=DIR
or let the build of records do it: --option=download=true. coco_captions downloads all of COCO 2014, some 37 GB, and
unpacks it: have 100 GB of disk. --option=name=NAME/CONFIG:VERSION chooses another dataset; names and licences:
https://www.tensorflow.org/datasets/catalog/overview"""

SPLITS = {"validation": "val", "restval": "train"}


@dataclass(frozen=True)
class Config:
    """Which dataset, and which of its features.

    Attributes:
        name: the builder, with a config and a version if wanted: coco_captions/2014:1.1.0.
        data_dir: the folder of prepared datasets; if empty, the source folder.
        download: whether to download and prepare the dataset if it is not there.
        image_feature: path of the feature with the image, such as image; if empty, it is looked for.
        caption_feature: path of the feature with the captions, such as captions/text or captions.text.
        id_feature: path of the feature with the image's id, a text or whole number.
        max: how many images of each split to read; 0 means all.
    """

    name: str = "coco_captions"
    data_dir: str = ""
    download: bool = False
    image_feature: str = ""
    caption_feature: str = ""
    id_feature: str = ""
    max: int = 0

    def __post_init__(self) -> None:
        if self.max < 0:
            raise UserError(f"--option=max={self.max}: expected a number of images, or 0 for all of them.")


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: the builder's own counts are those of its files."""
    return {}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images of every split of a dataset of TensorFlow Datasets.

    Raises:
        UserError: there is no such dataset, it is not prepared, or its features are not clear.
    """
    import tensorflow_datasets as tfds

    builder = _prepared_builder(tfds, config.data_dir or str(source_folder(source, "tfds", DOWNLOAD)), config)
    chosen = choose(builder.info.features, config.image_feature, config.caption_feature, config.id_feature)
    for split in builder.info.splits:
        examples = builder.as_dataset(
            split=split,
            decoders=undecoded_images(builder.info.features),
            # One shard after another, so that position n is what TensorFlow Datasets calls split[n].
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
        for number, example in enumerate(tfds.as_numpy(examples.take(config.max or -1))):
            yield _example(example, chosen, SPLITS.get(split, split), where=f"{split}[{number}]")


def _example(example: dict, chosen: Chosen, split: str, where: str) -> CaptionedImage | Skipped:
    image_id = where
    try:
        if chosen.id:
            found = chosen.id.of(example)
            image_id = found.decode() if isinstance(found, bytes) else str(found)
        found = chosen.captions.of(example)
        captions = [text.decode().strip() for text in (found if chosen.captions.repeated else [found])]
    except UnicodeDecodeError as error:
        return Skipped(image_id, where, f"a text is not UTF-8: {error.object[:80]!r}")
    if not any(captions):
        return Skipped(image_id, where, f"`{chosen.captions.name}` is empty")
    return CaptionedImage(image_id, split, tuple(captions), chosen.image.of(example), where=where)


def _prepared_builder(tfds: ModuleType, folder: str, config: Config) -> Any:
    """Returns the builder of a dataset whose files are there, once they are."""
    try:
        builder = tfds.builder(config.name, data_dir=folder)
    except (ValueError, AssertionError) as error:  # AssertionError is what it raises for an unknown version
        reasons = str(error).splitlines()
        guesses = [line for line in reasons if line.startswith("Did you mean")]
        raise UserError(f"--option=name={config.name}: {' '.join([*reasons[:1], *guesses])}\n{DOWNLOAD}") from None
    if not builder.is_prepared():
        if not config.download:
            raise UserError(
                f"{builder.info.full_name} is not prepared in {folder}. Either run: "
                f"tfds build {config.name} --data_dir={folder}, or add --option=download=true.\n{DOWNLOAD}"
            )
        notice(f"downloads and prepares {builder.info.full_name} in {folder}")
        try:
            builder.download_and_prepare()
        except Exception as error:  # whatever a builder raises: no network, a missing package, files to fetch by hand
            raise UserError(f"{builder.info.full_name} cannot be prepared: {type(error).__name__}: {error}") from error
    return builder
