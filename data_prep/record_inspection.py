"""What a records folder holds, and whether it is sound: the library part of `data_prep.inspect_records`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
from tqdm import tqdm

from im2txt.data.records import VOCABULARY, parse_records, read_manifest, shard_paths
from im2txt.errors import UserError
from im2txt.files import sha256_file
from im2txt.text.vocabulary import END, UNK, Vocabulary

_BATCH = 256


@dataclass
class TextStatistics:
    """Counts over texts: the captions of a split, or the phrases of its regions.

    Attributes:
        lengths: how many texts have so many words.
        unknown: number of words that are `<unk>`.
    """

    lengths: Counter[int] = field(default_factory=Counter)
    unknown: int = 0

    def add(self, ids: tf.RaggedTensor) -> None:
        """Counts further texts, `ids` [images, texts, words]."""
        self.lengths.update(ids.values.row_lengths().numpy().tolist())
        self.unknown += int(tf.math.count_nonzero(ids.flat_values == UNK))

    @property
    def texts(self) -> int:
        """Number of texts."""
        return self.lengths.total()

    @property
    def words(self) -> int:
        """Number of words in all texts."""
        return sum(length * count for length, count in self.lengths.items())

    def length_quantile(self, share: float) -> int:
        """Returns the smallest length, in words, that is not exceeded by this share of the texts."""
        lengths = sorted(self.lengths.elements())
        return lengths[min(int(share * len(lengths)), len(lengths) - 1)] if lengths else 0


@dataclass
class SplitStatistics:
    """Counts over one split, as read from its shards: its records, and the words of its captions and phrases."""

    images: int = 0
    captions: TextStatistics = field(default_factory=TextStatistics)
    phrases: TextStatistics = field(default_factory=TextStatistics)


class FoundRecord(NamedTuple):
    """A record, and where it lies."""

    split: str
    shard: str
    example: tf.train.Example


def split_statistics(folder: Path, split: str) -> SplitStatistics:
    """Reads all captions and phrases of a split.

    Raises:
        UserError: the folder is no records folder, it has no such split, or a shard is damaged.
    """
    statistics = SplitStatistics()
    for path in shard_paths(folder, split):
        for batch in _batches(path):
            parsed = parse_records(batch, ["captions/ids", "regions/ids"])
            statistics.images += len(batch)
            statistics.captions.add(parsed["captions/ids"])
            statistics.phrases.add(parsed["regions/ids"])
    return statistics


def find_record(folder: Path, image_id: str) -> FoundRecord:
    """Returns the record of an image.

    Raises:
        UserError: no record has this id.
    """
    example_id = ""
    for split in read_manifest(folder)["splits"]:
        for path in shard_paths(folder, split):
            for batch in _batches(path):
                ids = [name.decode() for name in parse_records(batch, ["image/id"])["image/id"].numpy()]
                if image_id in ids:
                    serialized = batch[ids.index(image_id)].numpy()
                    return FoundRecord(split, Path(path).name, tf.train.Example.FromString(serialized))
                example_id = example_id or ids[0]
    raise UserError(f"{folder} has no image with the id `{image_id}`. Ids look like `{example_id}`.")


def find_faults(folder: Path) -> list[str]:
    """Checks a records folder against its manifest; returns what is wrong, one sentence each."""
    manifest = read_manifest(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    faults = []
    if vocabulary.sha256() != manifest["vocabulary_sha256"]:
        faults.append(f"{VOCABULARY} is not the one that the manifest names")
    fields = ["image/id", "captions/ids", "regions/ids", *([] if manifest.get("features") else ["image/bytes"])]
    shards = [
        (split, shard, Path(path))
        for split, entry in manifest["splits"].items()
        for shard, path in zip(entry["shards"], shard_paths(folder, split))
    ]
    seen: dict[str, str] = {}
    captions: Counter[str] = Counter()
    with tqdm(total=sum(shard["records"] for _, shard, _ in shards), unit=" records", desc="verify") as progress:
        for split, shard, path in shards:
            if sha256_file(path) != shard["sha256"]:
                faults.append(f"{shard['name']}: the checksum is not that of the manifest")
                continue  # whatever else is wrong follows from that
            records = 0
            for batch in _batches(str(path)):
                parsed = parse_records(batch, fields)
                faults += [f"{path.name}: {fault}" for fault in _batch_faults(parsed, path.name, vocabulary, seen)]
                records += len(batch)
                captions[split] += int(parsed["captions/ids"].values.nrows())
                progress.update(len(batch))
            if records != shard["records"]:
                faults.append(f"{path.name}: {records} records where the manifest says {shard['records']}")
    return faults or list(_count_faults(manifest, captions))


def _count_faults(manifest: dict, captions: Counter[str]) -> Iterator[str]:
    """Yields the splits whose numbers are not those of their sound shards."""
    for split, entry in manifest["splits"].items():
        found = {"images": sum(shard["records"] for shard in entry["shards"]), "captions": captions[split]}
        for what, number in found.items():
            if entry[what] != number:
                yield f"split {split} has {number} {what} where the manifest says {entry[what]}"


def _batch_faults(parsed: dict, shard: str, vocabulary: Vocabulary, seen: dict[str, str]) -> Iterator[str]:
    """Yields faults of records; `seen` maps the ids of earlier records to their shards."""
    image_ids = [name.decode() for name in parsed["image/id"].numpy()]
    for image_id in image_ids:
        if image_id in seen:
            yield f"the image id {image_id} is also in {seen[image_id]}"
        seen[image_id] = shard
    for kind in ("captions", "regions"):
        words = parsed[f"{kind}/ids"].flat_values
        images = parsed[f"{kind}/ids"].merge_dims(1, 2).value_rowids()  # the image of each word
        wrong = (words <= END) | (words >= len(vocabulary))
        for word_id, image in zip(words[wrong].numpy(), images[wrong].numpy()):
            yield f"the {kind} of {image_ids[image]} have the word id {word_id}, which {VOCABULARY} has not"
    for image_id, content in zip(image_ids, parsed.get("image/bytes", ())):
        try:
            tf.io.decode_image(content, channels=3, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            yield f"the image of {image_id} cannot be decoded"


def _batches(path: str) -> Iterator[tf.Tensor]:
    """Yields serialized records [batch] of a shard."""
    try:
        yield from tf.data.TFRecordDataset(path).batch(_BATCH)
    except tf.errors.DataLossError:
        raise UserError(f"{path} is damaged. Delete it, and give the command that made it again.") from None
