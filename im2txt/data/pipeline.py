"""Records to batches: the `tf.data` pipelines of training and evaluation.

A batch is a dict of dense tensors, with a static number of images so that it can be split over replicas:

    image       float32 [images, size, size, 3] in [-1, 1]   of image records
    regions     float32 [images, regions, depth]             of feature records, of one view of each image
    pooled      float32 [images, depth]                      of feature records, of the same view
    input_ids, target_ids int32, weights float32 [images, captions, length]   see `im2txt.data.tokens`
    index       int32 [images], position of the image in its split; -1 for an image that only fills up the batch

Training is one endless stream that holds no state: the order of epoch e is a function of (seed, e), everything else
that is random in batch b a function of (seed, b). A run that stopped goes on with exactly the batches it would have
seen by asking for its `start_step`, under any distribution strategy; nothing of the pipeline goes into a checkpoint.

Of cached features that hold several views of an image, training draws one each time; evaluation sees the whole image.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from im2txt.data.augmentation import Augmentation, any_word, decode_augmented, side_words
from im2txt.data.images import decode_image
from im2txt.data.order import Items, Parsed, Shuffle, Source, endless_items, open_source
from im2txt.data.records import decode_features, parse_records, read_manifest, shard_paths
from im2txt.data.tokens import caption_tensors, sample_captions
from im2txt.data.views import choose_views, drawn_views
from im2txt.errors import UserError

RECORD_FIELDS = {"image": "image/bytes", "regions": "features/regions", "pooled": "features/pooled"}
LEAST = {"images_per_batch": 1, "group_batches": 1, "shuffle_buffer": 1}
LEAST |= dict.fromkeys(("captions_per_image", "max_caption_length", "views", "memory_mb", "workers", "prefetch"), 0)

Batch = dict[str, tf.Tensor]


@dataclass
class DataConfig:
    """How training batches are made.

    Attributes:
        images_per_batch: images in a global batch; each is encoded once and brings several captions.
        captions_per_image: captions drawn for each image of a batch; 0 takes all of them.
        max_caption_length: words of a caption that are kept; 0 keeps all.
        group_batches: batches among which images are sorted by their longest caption, to pad less; 1 does not sort,
            nor does anything without `shuffle`.
        shuffle: whether every epoch has a new random order.
        seed: of the order, the captions drawn and the augmentation.
        random_crop: whether to train on random crops of 299/346 of the image.
        random_flip: whether to mirror images at random, unless a caption tells left from right.
        distort_colours: whether to change brightness, saturation, hue and contrast at random.
        views: of cached features with several views of an image, so many are drawn from; 0 means all.
        memory_mb: megabytes of records that may be held in memory; larger splits are streamed from disk. Twice as much
            is taken for a moment, at the beginning.
        shuffle_buffer: images among which a stream is shuffled.
        workers: batches made at the same time; 0 means as many as there are cores.
        prefetch: finished batches that wait for the training step.
    """

    images_per_batch: int = 10
    captions_per_image: int = 5
    max_caption_length: int = 0
    group_batches: int = 1
    shuffle: bool = True
    seed: int = 0
    random_crop: bool = False
    random_flip: bool = False
    distort_colours: bool = False
    views: int = 0
    memory_mb: int = 4096
    shuffle_buffer: int = 2048
    workers: int = 0
    prefetch: int = 2


def train_dataset(
    records: str | os.PathLike,
    config: DataConfig,
    fields: Sequence[str],
    image_size: int = 0,
    start_step: int = 0,
    split: str = "train",
) -> tf.data.Dataset:
    """Returns the endless training stream from batch `start_step` on.

    Args:
        records: folder of image or feature records.
        config: how batches are made.
        fields: what to read of an image, any of `image`, `regions`, `pooled`.
        image_size: side of the square that images are brought to, pixels; only for `image`.
        start_step: number of the first batch, counted from 0.
        split: name of the split to train on.

    Raises:
        UserError: the folder, the split or the fields are not to be had, or the config asks for the impossible.
    """
    shapes = _image_shapes(records, fields, image_size)
    _check_config(records, config, fields)
    views = drawn_views(records, split, config.views)
    shuffle = Shuffle(config.seed, config.shuffle_buffer) if config.shuffle else None
    source = open_source(records, split, _record_fields(fields), shuffle, config.memory_mb * 1e6)
    augmentation = Augmentation(config.random_crop, config.random_flip, config.distort_colours)
    sides = side_words(records) if config.random_flip else []

    def finish(step: tf.Tensor, items: Items) -> Batch:
        seeds = tf.unstack(tf.random.split([config.seed, step], 2))
        # images are augmented, features come in views: never both, so that one seed is enough
        view = tf.random.stateless_uniform(tf.shape(items["index"]), seeds[0], maxval=views, dtype=tf.int64)
        parsed = source.fetch(items | {"view": view}, _record_fields(fields))
        caption_ids = parsed["captions/ids"]

        def decode_images(content: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
            return decode_augmented(content, shape[0], augmentation, ~any_word(caption_ids, sides), seeds[0])

        batch = _image_tensors(parsed, fields, shapes, decode_images)
        if config.captions_per_image:
            caption_ids = sample_captions(caption_ids, config.captions_per_image, seeds[1])
        batch |= caption_tensors(caption_ids, config.max_caption_length, config.captions_per_image)
        batch["index"] = tf.cast(items["index"], tf.int32)
        return _with_static_images(batch, config.images_per_batch)

    steps = tf.data.Dataset.counter(start_step)
    batches = tf.data.Dataset.zip(steps, _batches(source, config, start_step))
    parallel = config.workers or tf.data.AUTOTUNE
    return _untuned(batches.map(finish, num_parallel_calls=parallel, deterministic=True).prefetch(config.prefetch))


def eval_dataset(
    records: str | os.PathLike,
    split: str,
    images_per_batch: int,
    fields: Sequence[str],
    image_size: int = 0,
) -> tf.data.Dataset:
    """Returns one pass over a split in file order, every caption whole; arguments as in `train_dataset`.

    The last batch is filled up with images of zeros whose `index` is -1 and whose weights are 0.

    Raises:
        UserError: the folder, the split or the fields are not to be had.
    """
    shapes = _image_shapes(records, fields, image_size)

    def finish(step: tf.Tensor, serialized: tf.Tensor) -> Batch:
        whole_images = tf.zeros(tf.shape(serialized), tf.int64)
        parsed = choose_views(parse_records(serialized, _record_fields(fields)), whole_images)
        batch = _image_tensors(parsed, fields, shapes, _decode_images) | caption_tensors(parsed["captions/ids"])
        first = tf.cast(step, tf.int32) * images_per_batch
        batch["index"] = tf.range(first, first + tf.size(serialized))
        missing = images_per_batch - tf.size(serialized)
        batch = {name: _append(tensor, missing, -1 if name == "index" else 0) for name, tensor in batch.items()}
        return _with_static_images(batch, images_per_batch)

    batches = tf.data.TFRecordDataset(shard_paths(records, split)).batch(images_per_batch)
    return _untuned(batches.enumerate().map(finish, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2))


def _untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Turns the tuning in the background off; as many batches as there are cores are made at the same time then.

    The tuner's thread sleeps longer and longer, up to a minute, and the end of an iterator waits for it to wake up.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _batches(source: Source, config: DataConfig, start_step: int) -> tf.data.Dataset:
    """Returns batches of items from `start_step` on, similar caption lengths together if the config wants it."""
    group = config.group_batches if config.shuffle else 1
    if group == 1:
        items = endless_items(source, start_step * config.images_per_batch)
        return items.batch(config.images_per_batch, drop_remainder=True)

    def sort(number: tf.Tensor, items: Items) -> Items:
        longest = _longest_captions(source.fetch(items, ["captions/ids"]))
        batches = tf.reshape(tf.argsort(longest), [group, config.images_per_batch])
        batches = tf.random.experimental.stateless_shuffle(batches, [config.seed, number])
        return tf.nest.map_structure(lambda item: tf.gather(item, batches), items)

    images = group * config.images_per_batch
    first = start_step // group
    groups = endless_items(source, first * images).batch(images, drop_remainder=True)
    numbered = tf.data.Dataset.zip(tf.data.Dataset.counter(first), groups)
    return numbered.map(sort).unbatch().skip(start_step % group)


def _longest_captions(parsed: Parsed) -> tf.Tensor:
    lengths = parsed["captions/ids"].values.row_lengths()
    return tf.reduce_max(parsed["captions/ids"].with_values(lengths), axis=1)


def _image_tensors(
    parsed: Parsed, fields: Sequence[str], shapes: dict[str, tuple[int, ...]], decode_images: Callable
) -> Batch:
    """Decodes `fields` of a batch; `decode_images` takes strings [images] and the shape of one image."""
    decoders = {"image": decode_images, "regions": decode_features, "pooled": decode_features}
    return {field: decoders[field](parsed[RECORD_FIELDS[field]], shapes[field]) for field in fields}


def _decode_images(image_bytes: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    return tf.map_fn(
        lambda content: decode_image(content, shape[0]), image_bytes, fn_output_signature=tf.TensorSpec(shape)
    )


def _append(tensor: tf.Tensor, missing: tf.Tensor, value: int) -> tf.Tensor:
    """Appends `missing` images of `value` to a tensor [images, ...]."""
    paddings = [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1)
    return tf.pad(tensor, paddings, constant_values=tf.cast(value, tensor.dtype))


def _with_static_images(batch: Batch, images: int) -> Batch:
    return {name: tf.ensure_shape(tensor, [images, *tensor.shape[1:]]) for name, tensor in batch.items()}


def _record_fields(fields: Sequence[str]) -> list[str]:
    return ["captions/ids", *(RECORD_FIELDS[field] for field in fields)]


def _image_shapes(records: str | os.PathLike, fields: Sequence[str], image_size: int) -> dict[str, tuple[int, ...]]:
    """Returns the shape of one image in each field, having checked that the records hold these fields."""
    cached = read_manifest(records).get("features")
    if cached:
        shapes = {"regions": (cached["regions"], cached["depth"]), "pooled": (cached["depth"],)}
        remedy = "they were made by im2txt.extract_features, for a frozen encoder; give the image records instead"
    else:
        shapes = {"image": (image_size, image_size, 3)}
        remedy = "make features of them with: python -m im2txt.extract_features"
    for field in fields:
        if field not in RECORD_FIELDS:
            raise ValueError(f"Expected fields among {list(RECORD_FIELDS)}. Received: {field!r}.")
        if field not in shapes:
            raise UserError(f"Records in {records} hold {' and '.join(shapes)}, not `{field}`: {remedy}.")
    return shapes


def _check_config(records: str | os.PathLike, config: DataConfig, fields: Sequence[str]) -> None:
    for name, least in LEAST.items():
        if getattr(config, name) < least:
            raise UserError(f"data.{name} is {getattr(config, name)}; it must be at least {least}.")
    for name in ("random_crop", "random_flip", "distort_colours"):
        if getattr(config, name) and "image" not in fields:
            raise UserError(f"data.{name} changes images, but {records} holds cached features. Set it to False.")
