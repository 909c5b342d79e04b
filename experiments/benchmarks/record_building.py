"""How fast `data_prep.build_records` is against bare decoding, and how much memory it needs for ever more images.

    python experiments/benchmarks/record_building.py --photos=flickr8k/images

Photos are enlarged to --size first, as those handed out at 224 x 224 say little about real ones. Each rate is the
best of the rounds, in which all variants take turns, so that a machine that is busy with other things is so for all of
them. Read the ratios; the rates belong to the machine. Memory is the peak of the command's own process.
"""

import itertools
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from absl import app, flags
from PIL import Image

from data_prep.image_checks import ImageOptions

flags.DEFINE_string("photos", None, "folder of JPEG photos", required=True)
flags.DEFINE_integer("images", 2000, "photos to build from")
flags.DEFINE_list("size", ["640", "480"], "width and height that photos are brought to, pixels")
flags.DEFINE_integer("rounds", 3, "rounds of all variants")
flags.DEFINE_list("memory", ["1000", "100000"], "numbers of images to measure memory with; empty for none")
flags.DEFINE_string("scratch", None, "folder for the benchmark's files; a temporary one if not set")

CAPTIONS = [f"A {colour} dog runs through the grass ." for colour in ("red", "black", "white", "brown", "small")]
WORKERS = 2


def main(argv: list[str]) -> None:
    """Measures speed, then memory."""
    del argv
    with tempfile.TemporaryDirectory(dir=flags.FLAGS.scratch) as scratch:
        compare_speed(Path(scratch))
        if flags.FLAGS.memory:
            compare_memory(Path(scratch), list(map(int, flags.FLAGS.memory)))


def compare_speed(scratch: Path) -> None:
    """Writes the rate of bare decoding and of the build, with one process and with two."""
    paths = enlarged_photos(scratch / "photos", flags.FLAGS.images)
    source = jsonl_source(scratch / "photos", paths)
    variants: dict[str, Callable[[], None]] = {
        "Pillow, bare decoding, 1 process": lambda: list(map(decode, paths)),
        f"Pillow, bare decoding, {WORKERS} processes": lambda: decode_in_processes(paths),
        f"tf.data, bare decoding, {WORKERS} threads": lambda: decode_in_graph(paths),
        "build_records, 1 worker": lambda: build(source, scratch / "records", 1),
        f"build_records, {WORKERS} workers": lambda: build(source, scratch / "records", WORKERS),
        f"build_records --image_size=346, {WORKERS} workers": lambda: build(
            source, scratch / "records", WORKERS, ImageOptions(image_size=346)
        ),
    }
    decode_in_graph(paths[:1])  # imports TensorFlow, outside of what is timed
    best = dict.fromkeys(variants, 0.0)
    for _, (name, work) in itertools.product(range(flags.FLAGS.rounds), variants.items()):
        start = time.perf_counter()
        work()
        best[name] = max(best[name], len(paths) / (time.perf_counter() - start))
    ceiling = max(rate for name, rate in best.items() if "bare" in name)
    sys.stdout.write(f"{len(paths)} JPEGs of {' x '.join(flags.FLAGS.size)}\n")
    for name, rate in best.items():
        sys.stdout.write(f"  {name:44} {rate:8.0f} images/s {rate / ceiling:6.2f} of the ceiling\n")
    gain = best[f"build_records, {WORKERS} workers"] / best["build_records, 1 worker"]
    sys.stdout.write(f"  {WORKERS} workers against 1: {gain:.2f}\n")


def compare_memory(scratch: Path, counts: Iterable[int]) -> None:
    """Writes the peak memory of builds of so many images, which all show the same small photo."""
    photo = scratch / "one.jpg"
    Image.new("RGB", (32, 32), "green").save(photo)
    sys.stdout.write("Peak memory of the building process\n")
    for count in counts:
        source = jsonl_source(scratch / f"same-{count}", itertools.repeat(photo, count))
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            peak = pool.submit(peak_memory, source, scratch / f"records-{count}").result()
        sys.stdout.write(f"  {count:10,} images {peak:8.0f} MiB\n")


def enlarged_photos(folder: Path, count: int) -> list[Path]:
    """Writes photos of --size to a folder, the given ones again and again; returns their paths."""
    folder.mkdir()
    size = tuple(map(int, flags.FLAGS.size))
    photos = sorted(Path(flags.FLAGS.photos).glob("*.jpg"))
    paths = [folder / f"{number:06d}.jpg" for number in range(count)]
    for path, photo in zip(paths, itertools.cycle(photos)):
        with Image.open(photo) as image:
            image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return paths


def jsonl_source(folder: Path, paths: Iterable[Path]) -> Path:
    """Writes captions.jsonl for images, five captions each; returns the folder."""
    folder.mkdir(exist_ok=True)
    with open(folder / "captions.jsonl", "w", encoding="utf-8") as file:
        for number, path in enumerate(paths):
            line = {"image": str(path), "image_id": f"{number}", "captions": CAPTIONS}
            file.write(json.dumps(line) + "\n")
    return folder


def build(source: Path, output: Path, workers: int, image: ImageOptions = ImageOptions()) -> None:  # noqa: B008
    """Builds records, to a folder that is removed again."""
    # Imported here, as worker processes import this module anew, and need no TensorFlow.
    from data_prep.dataset_options import parse_options
    from data_prep.datasets import jsonl
    from data_prep.local_building import local_runner
    from data_prep.record_building import BuildConfig, build_records

    options = parse_options(jsonl.Config, [])
    build_records("jsonl", source, output, options, BuildConfig(image=image), local_runner(workers))
    shutil.rmtree(output)


def peak_memory(source: Path, output: Path) -> float:
    """Builds records in this process; returns its peak memory in MiB."""
    build(source, output, 1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def decode(path: Path) -> None:
    """Reads and decodes one photo."""
    with Image.open(path) as image:
        image.load()


def decode_in_processes(paths: list[Path]) -> None:
    """Reads and decodes photos in WORKERS processes; starting them is part of it, as it is of a build."""
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        for _ in pool.map(decode, paths, chunksize=16):
            pass


def decode_in_graph(paths: list[Path]) -> None:
    """Reads and decodes photos in WORKERS threads of tf.data."""
    import tensorflow as tf

    files = tf.data.Dataset.from_tensor_slices(list(map(str, paths)))
    for _ in files.map(lambda path: tf.io.decode_jpeg(tf.io.read_file(path)), num_parallel_calls=WORKERS):
        pass


if __name__ == "__main__":
    app.run(main)
