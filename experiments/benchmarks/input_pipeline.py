"""How fast `im2txt.data` makes batches, against what the same machine needs for the bare work, and how much it pads.

    python experiments/benchmarks/input_pipeline.py --images=data/flickr8k --features=data/flickr8k_mixed8

--photo_size=640,480 brings the photos of the records to that size first: those of Flickr8k are often handed out at
224 x 224, which are decoded in no time and say little about real ones.

Each rate is the best of three rounds, and the rounds of all variants take turns, so that a machine that is
busy with other things is so for all of them. Read the ratios; the rates belong to the machine.
"""

import io
import itertools
import shutil
import sys
import tempfile
import time

import tensorflow as tf
from absl import app, flags
from PIL import Image

from im2txt.data.images import decode_image
from im2txt.data.pipeline import DataConfig, train_dataset
from im2txt.data.records import (
    VOCABULARY,
    encode_image_record,
    parse_records,
    read_image_records,
    read_manifest,
    shard_name,
    shard_paths,
    write_manifest,
)

flags.DEFINE_string("images", None, "folder of image records")
flags.DEFINE_string("features", None, "folder of feature records")
flags.DEFINE_integer("image_size", 299, "side of the square that images are brought to, pixels")
flags.DEFINE_list("photo_size", None, "width and height to bring the photos to first, pixels")
flags.DEFINE_integer("enlarged", 1500, "number of photos that are brought to --photo_size")
flags.DEFINE_integer("seconds", 3, "how long each variant runs in each round")

AUGMENTED = {"random_crop": True, "random_flip": True}


def rate(batches: tf.data.Dataset, images_per_batch: int, seconds: float) -> float:
    """Images a second, once the first batch is there."""
    iterator = iter(batches)
    next(iterator)
    start = time.perf_counter()
    for number in itertools.count(1):
        next(iterator)
        elapsed = time.perf_counter() - start
        if elapsed > seconds:
            return number * images_per_batch / elapsed


def compare(variants: dict[str, tf.data.Dataset], images_per_batch: int) -> None:
    """Writes the rate of each variant, and its ratio to the first."""
    best = dict.fromkeys(variants, 0.0)
    for _, (name, batches) in itertools.product(range(3), variants.items()):
        best[name] = max(best[name], rate(batches, images_per_batch, flags.FLAGS.seconds))
    first = next(iter(best.values()))
    for name, images in best.items():
        sys.stdout.write(f"  {name:34} {images:8.0f} images/s {5 * images:8.0f} captions/s {images / first:6.2f}\n")


def bare_decoding(records: str, size: int, images_per_batch: int) -> tf.data.Dataset:
    """Decodes and resizes images that lie in memory, and nothing else."""
    serialized = tf.data.TFRecordDataset(shard_paths(records, "train")[:1]).batch(10_000).get_single_element()
    images = tf.data.Dataset.from_tensor_slices(parse_records(serialized, ["image/bytes"])["image/bytes"]).repeat()
    decoded = images.map(lambda content: decode_image(content, size), num_parallel_calls=tf.data.AUTOTUNE)
    return decoded.batch(images_per_batch).prefetch(2)


def enlarged_records(records: str, folder: str) -> str:
    """Writes records of the first photos of `train`, brought to --photo_size; returns their folder."""
    size = tuple(map(int, flags.FLAGS.photo_size))
    name = shard_name("train", 0, 1)
    images = captions = 0
    with tf.io.TFRecordWriter(f"{folder}/{name}") as writer:
        for record in itertools.islice(read_image_records(records, "train"), flags.FLAGS.enlarged):
            photo = Image.open(io.BytesIO(record.image_bytes)).convert("RGB").resize(size, Image.Resampling.BICUBIC)
            photo.save(jpeg := io.BytesIO(), "JPEG", quality=90)
            writer.write(encode_image_record(record._replace(image_bytes=jpeg.getvalue())))
            images, captions = images + 1, captions + len(record.captions)
    shutil.copy(f"{records}/{VOCABULARY}", folder)
    train = {"images": images, "captions": captions, "shards": [{"name": name, "records": images}]}
    write_manifest(folder, {**read_manifest(records), "splits": {"train": train}})
    return folder


def compare_images(records: str) -> None:
    """Image records against bare decoding."""
    size = flags.FLAGS.image_size
    variants = {
        "bare decode and resize": bare_decoding(records, size, 10),
        "image records, in memory": train_dataset(records, DataConfig(), ("image",), size),
        "image records, streamed": train_dataset(records, DataConfig(memory_mb=0), ("image",), size),
        "  with crop and flip": train_dataset(records, DataConfig(**AUGMENTED), ("image",), size),
        "  with crop, flip and colours": train_dataset(
            records, DataConfig(**AUGMENTED, distort_colours=True), ("image",), size
        ),
    }
    sys.stdout.write(f"Images of {size} pixels\n")
    compare(variants, 10)


def compare_features(records: str) -> None:
    """Feature records against bare reading."""
    variants = {"bare reading of the files": tf.data.TFRecordDataset(shard_paths(records, "train")).repeat().batch(10)}
    for field, memory_mb in itertools.product(("pooled", "regions"), (4096, 0)):
        where = "in memory" if memory_mb else "streamed"
        variants[f"{field}, {where}"] = train_dataset(records, DataConfig(memory_mb=memory_mb), (field,))
    variants["pooled, in memory, grouped by 20"] = train_dataset(records, DataConfig(group_batches=20), ("pooled",))
    sys.stdout.write("Cached features\n")
    compare(variants, 10)


def compare_padding(records: str) -> None:
    """What sorting by length and cutting long captions save."""
    sys.stdout.write("Share of padding in 200 batches, and their mean length\n")
    for images, group, longest in itertools.product((10, 32), (1, 5, 20, 50), (0, 20)):
        config = DataConfig(images_per_batch=images, group_batches=group, max_caption_length=longest)
        weights = [batch["weights"] for batch in train_dataset(records, config, ()).take(200)]
        filled = sum(float(tf.reduce_sum(w)) for w in weights) / sum(w.shape.num_elements() for w in weights)
        length = sum(w.shape[2] for w in weights) / len(weights)
        variant = f"{images} images, grouped by {group}" + (f", cut at {longest}" if longest else "")
        sys.stdout.write(f"  {variant:34} {1 - filled:6.3f} {length:6.1f}\n")


def main(argv: list[str]) -> None:
    """Compares what there are records for."""
    del argv
    if flags.FLAGS.images and flags.FLAGS.photo_size:
        with tempfile.TemporaryDirectory() as folder:
            compare_images(enlarged_records(flags.FLAGS.images, folder))
    elif flags.FLAGS.images:
        compare_images(flags.FLAGS.images)
    if flags.FLAGS.features:
        compare_features(flags.FLAGS.features)
        compare_padding(flags.FLAGS.features)


if __name__ == "__main__":
    app.run(main)
