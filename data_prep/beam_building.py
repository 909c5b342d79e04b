"""Writes shards with Apache Beam, on as many machines as its runner has: the same records by the same functions.

The plan is made where the command is started; it takes text alone and little time. Beam's workers then read their
part of it, check images and write shards, so all of them must see --source and --output under the same paths (NFS,
Lustre, Filestore, a mounted bucket), and have im2txt installed. Held-out splits go first, as training shards must not
hold their images.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from data_prep.image_checks import ImageOptions, check_image
from data_prep.plan import PLAN, Plan, PlannedShard
from data_prep.record_building import Build, Runner
from data_prep.shard_writing import ShardReport, add_held_out, finished_report, write_shard
from im2txt.data.records import VOCABULARY
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary


def beam_runner(options: Sequence[str]) -> Runner:
    """Returns the runner that hands shards to Apache Beam; `options` are Beam's own (`--runner=...`).

    Raises:
        UserError: Apache Beam is not installed.
    """
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError:
        raise UserError('--runner=beam needs Apache Beam. Install it with: pip install "im2txt[beam]"') from None

    def run(build: Build, shards: Mapping[str, Sequence[PlannedShard]]) -> None:
        write = partial(build_shard, build.folder.absolute(), build.config.image)
        held_out = [shard for split, planned in shards.items() if split != "train" for shard in planned]
        with _beam_errors(), beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
            images = (
                pipeline
                | "held-out shards" >> beam.Create(held_out, reshuffle=True)
                | "write held-out" >> beam.Map(write, ())
                | "their images" >> beam.FlatMap(dict.items)
            )
            (
                pipeline
                | "training shards" >> beam.Create(shards.get("train", []), reshuffle=True)
                | "write training" >> beam.Map(write, beam.pvalue.AsList(images))
            )

    return run


@contextmanager
def _beam_errors() -> Iterator[None]:
    """Makes one message of what Beam and its runners raise, which are errors of many kinds."""
    try:
        yield
    except Exception as error:
        cause = str(error).strip().splitlines()
        raise UserError(f"Apache Beam stopped: {type(error).__name__}: {cause[-1] if cause else ''}") from error


def build_shard(
    folder: Path, options: ImageOptions, shard: PlannedShard, held_out: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """Writes one shard of the plan in `folder`, if that is not done yet.

    Args:
        folder: the records folder.
        options: re-encoding of images.
        shard: what to write.
        held_out: (sha256, name) of every image of held-out splits.

    Returns:
        sha256 -> name of the shard's images if it is of a held-out split.
    """
    report = finished_report(folder / shard.name) or _write(folder, options, shard, held_out)
    return add_held_out({}, shard.split, report)


def _write(
    folder: Path, options: ImageOptions, shard: PlannedShard, held_out: Sequence[tuple[str, str]]
) -> ShardReport:
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    with closing(Plan(folder / PLAN)) as plan:
        checks = (check_image(image.example, options) for image in plan.images(shard))
        least = dict(sorted(held_out, reverse=True))  # of several names of an image the least, as on one machine
        return write_shard(folder / shard.name, plan.images(shard), checks, vocabulary, least)
