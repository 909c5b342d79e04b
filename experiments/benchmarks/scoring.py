"""How fast captions are scored, beside the official COCO caption scorer (pycocoevalcap and its Java), in one run.

    python experiments/benchmarks/scoring.py --captions=Flickr8k.token.txt --image_list=Flickr_8k.trainImages.txt
    python experiments/benchmarks/scoring.py --references=captions_val2014.json --predictions=predictions.json
    python experiments/benchmarks/scoring.py --tokenizer_check=captions_val2014.json

Candidates for a token file are made: the beginning of a reference of the image and the end of a caption of another.
Where the file has too few images they come again, with a word of each caption exchanged, so that their n-grams differ.

Ours and theirs take turns, round by round, and the best of each part counts. Read the ratios; the seconds belong to the
machine. They are what one scoring costs: Java's start is in theirs, and our METEOR starts in a process of its own.
`--tokenizer_check` does nothing but compare our tokens with the official ones, of COCO annotations, of a COCO result
file, or of text with one caption a line. Without pycocoevalcap or Java only ours is measured.
"""

import multiprocessing
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from absl import flags
from scoring_captions import Source, Task, read_task, spliced
from scoring_official import official_lacks, official_parts, official_tokens
from tqdm import tqdm

from im2txt.commands import run
from im2txt.files import parse_user_json, read_user_text
from im2txt.metrics.bleu import bleu
from im2txt.metrics.caption_scores import score_captions
from im2txt.metrics.cider import CiderD
from im2txt.metrics.cider_reward import CiderReward
from im2txt.metrics.coco_format import parse_training_captions
from im2txt.metrics.meteor import meteor
from im2txt.metrics.meteor_data import meteor_data
from im2txt.metrics.rouge import rouge_l
from im2txt.metrics.tokenize_ptb import tokenize_captions
from im2txt.text.vocabulary import END, PAD, UNK

FLAGS = flags.FlagValues()
flags.DEFINE_string("captions", None, "lines `image#number<TAB>caption`, as in Flickr8k.token.txt", flag_values=FLAGS)
flags.DEFINE_string("image_list", None, "text file of the images of --captions to use", flag_values=FLAGS)
flags.DEFINE_string("references", None, "COCO annotation file", flag_values=FLAGS)
flags.DEFINE_string("predictions", None, "COCO result file of images of --references", flag_values=FLAGS)
flags.DEFINE_string("tokenizer_check", None, "captions to compare tokens of; nothing is timed", flag_values=FLAGS)
flags.DEFINE_integer("images", 5000, "images to score", lower_bound=2, flag_values=FLAGS)
flags.DEFINE_integer("rounds", 3, "rounds of all parts", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("memory_images", 40_000, "images to measure memory with; 0: none", flag_values=FLAGS)
flags.DEFINE_integer("reward_batch", 250, "captions in a batch of rewards", lower_bound=5, flag_values=FLAGS)

Timed = Callable[[], tuple[float, Any]]
SHOWN, LONGEST, SAMPLES, BATCHES = 20, 20, 5, 40
IMPORTS = """
import importlib, pkgutil, sys, time
start = time.perf_counter()
import im2txt.metrics
for module in pkgutil.iter_modules(im2txt.metrics.__path__):
    importlib.import_module(f"im2txt.metrics.{module.name}")
print(time.perf_counter() - start, "tensorflow" in sys.modules)
"""


def main(argv: list[str]) -> None:
    """Compares tokens, or measures memory, speed, rewards and imports."""
    del argv
    missing = official_lacks()
    if missing:
        say(f"What is official is left out: {missing}")
    if FLAGS.tokenizer_check:
        return None if missing else check_tokenizer(FLAGS.tokenizer_check)
    source = Source(FLAGS.captions, FLAGS.image_list, FLAGS.references, FLAGS.predictions)
    if FLAGS.memory_images:  # first: a child's memory may count that of its parent, which is still small
        images, seconds, memory = fresh(score_all, source, FLAGS.memory_images)
        say(f"Scoring {images:,} images at once: {seconds:.1f} s, peak memory {memory:,.0f} MiB")
    task = read_task(source, FLAGS.images)
    tokens = tokenized(task)
    official = {} if missing else official_parts(task, tokens)
    say(f"{len(task.captions):,} images, best of {FLAGS.rounds} rounds")
    compare(own_parts(task, tokens), {name: partial(timed, work) for name, work in official.items()})
    measure_reward(tokens)
    measure_imports()
    return None


def tokenized(task: Task) -> Task:
    """Returns the tokens of a task, joined by spaces."""
    stream = iter(tokenize_captions([caption for group in task.references for caption in group]))
    references = [list(islice(stream, len(group))) for group in task.references]
    return Task(tokenize_captions(task.captions), references)


def own_parts(task: Task, tokens: Task) -> dict[str, Timed]:
    """Returns what scoring consists of, each timed."""
    parts = {
        "tokenizer": partial(timed, lambda: tokenized(task)),
        "BLEU": partial(timed, lambda: bleu(*tokens).corpus),
        "ROUGE-L": partial(timed, lambda: np.mean(rouge_l(*tokens))),
        "CIDEr-D": partial(timed, lambda: np.mean(CiderD(tokens.references).score(tokens.captions))),
    }
    return parts | ({"METEOR": partial(fresh, timed_meteor, tokens)} if meteor_data() else {})


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Returns the seconds that the work takes, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def timed_meteor(tokens: Task) -> tuple[float, float]:
    """Times METEOR, from opening its data on."""
    return timed(lambda: meteor(*tokens, meteor_data()).corpus)


def fresh(work: Callable, *arguments: object) -> Any:
    """Returns what the work does in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def compare(ours: dict[str, Timed], official: dict[str, Timed]) -> None:
    """Times the parts of both in turn and writes a table."""
    works = {(name, side): work for side, parts in enumerate((ours, official)) for name, work in parts.items()}
    best: dict[tuple, float] = {}
    results: dict[tuple, Any] = {}
    for key in tqdm(sorted(works) * FLAGS.rounds, unit=" parts", leave=False):
        seconds, results[key] = works[key]()
        best[key] = min(seconds, best.get(key, seconds))
    say(f"{'':26} {'ours, s':>9} {'official, s':>11} {'official / ours':>16}  {'results differ by':>17}")
    for name in ours:
        write_row(name, best[name, 0], best.get((name, 1)), difference(results[name, 0], results.get((name, 1))))
    sums = [sum(best.get((name, side), 0) for name in ours if name != "METEOR") for side in (0, 1)]
    write_row("everything but METEOR", *sums, "")


def difference(ours: Any, official: Any) -> str:
    """Tells how far two results are apart."""
    if official is None:
        return ""
    if isinstance(ours, Task):
        pairs = [(ours.captions, official.captions), *zip(ours.references, official.references)]
        return f"{sum(one != other for first, second in pairs for one, other in zip(first, second))} captions"
    return f"{np.max(np.abs(np.subtract(ours, official))):.0e}"


def write_row(name: str, ours: float, official: float | None, apart: str) -> None:
    """Writes a row of the table."""
    theirs = f"{official:11.2f} {official / ours:16.2f}" if official else f"{'-':>11} {'-':>16}"
    say(f"  {name:24} {ours:9.2f} {theirs}  {apart:>17}")


def measure_reward(tokens: Task) -> None:
    """Writes how many captions a second `CiderReward` scores, on one core, in batches of several samples an image."""
    draw, ids = random.Random(0), {}

    def encode(text: str) -> list[int]:
        return [ids.setdefault(word, len(ids) + UNK + 1) for word in text.split()]

    seconds, reward = timed(lambda: CiderReward([list(map(encode, group)) for group in tokens.references]))
    batches = [reward_batch(tokens, encode, draw) for _ in range(BATCHES)]
    best = min(timed(lambda: [reward(*batch) for batch in batches])[0] for _ in range(FLAGS.rounds))
    rate = sum(len(images) for images, _ in batches) / best
    say(f"CiderReward: {rate:,.0f} captions/s in batches of {FLAGS.reward_batch}; made ready in {seconds:.1f} s")


def reward_batch(tokens: Task, encode: Callable, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Makes images and sequences as sampling does: right in the beginning."""
    images = [draw.randrange(len(tokens.references)) for _ in range(FLAGS.reward_batch // SAMPLES)]
    sequences = np.full([len(images) * SAMPLES, LONGEST], PAD, np.int32)
    for place, sequence in enumerate(sequences):
        caption = spliced(tokens.references[images[place // SAMPLES]], draw.choice(tokens.references), draw)
        words = [*encode(caption), END][:LONGEST]
        sequence[: len(words)] = words
    return np.repeat(images, SAMPLES), sequences


def score_all(source: Source, images: int) -> tuple[int, float, float]:
    """Scores in this process; returns the images, the seconds, and its peak memory in MiB, captions included."""
    task = read_task(source, images)
    seconds, _ = timed(lambda: score_captions(dict(enumerate(task.captions)), dict(enumerate(task.references))))
    return len(task.captions), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_imports() -> None:
    """Writes how long it takes to import all metrics, and whether TensorFlow comes along."""
    command = [sys.executable, "-c", IMPORTS]
    found = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(5)]
    seconds = min(float(seconds) for seconds, _ in found)
    say(f"Importing im2txt.metrics, all modules: {seconds:.2f} s; TensorFlow imported: {found[0][1]}")


def check_tokenizer(path: str) -> None:
    """Writes how many captions of a file get other tokens than the official ones, and the first of them."""
    text = read_user_text(path)
    is_json = text.lstrip().startswith(("{", "["))
    captions = parse_training_captions(parse_user_json(text, path), path) if is_json else text.split("\n")
    (official,) = official_tokens([captions])
    rows = [row for row in zip(captions, tokenize_captions(captions), official, strict=True) if row[1] != row[2]]
    for row in rows[:SHOWN]:
        say("\n  ".join(map(repr, row)))
    say(f"{len(rows)} of {len(captions):,} captions differ (caption, ours, official).")


def say(text: str) -> None:
    """Writes a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(main, FLAGS)
