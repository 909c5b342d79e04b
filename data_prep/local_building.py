"""Writes shards on one machine: worker processes check images, this process writes them, shard after shard."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing

from tqdm import tqdm

from data_prep.image_checks import ImageCheckers
from data_prep.plan import PlannedImage, PlannedShard
from data_prep.record_building import Build, Runner
from data_prep.shard_writing import add_held_out, finished_report, write_shard
from data_prep.skipped import check_skipped


def local_runner(workers: int) -> Runner:
    """Returns the runner, for one build, that checks images in so many processes; one means this process itself."""
    checkers = ImageCheckers(workers)

    def run(build: Build, shards: Mapping[str, Sequence[PlannedShard]]) -> None:
        planned = list(itertools.chain(*shards.values()))
        reports = {shard: report for shard in planned if (report := finished_report(build.folder / shard.name))}
        pending = [shard for shard in planned if shard not in reports]
        images, ahead = itertools.tee(itertools.chain.from_iterable(map(build.plan.images, pending)))
        checks = checkers((image.example for image in ahead), build.config.image)
        held_out: dict[str, str] = {}
        for shard, report in reports.items():
            add_held_out(held_out, shard.split, report)
        skipped = build.plan.skipped() + [item for report in reports.values() for item in report.skipped]
        found = build.plan.found
        with closing(checks), _progress(planned, pending) as progress:
            for shard in pending:
                block = _watched(itertools.islice(images, shard.images), progress)
                report = write_shard(build.folder / shard.name, block, checks, build.vocabulary, held_out)
                add_held_out(held_out, shard.split, report)
                skipped += report.skipped
                check_skipped(skipped, found, build.config.max_skipped)

    return run


def _progress(planned: Sequence[PlannedShard], pending: Sequence[PlannedShard]) -> tqdm:
    total, left = (sum(shard.images for shard in shards) for shards in (planned, pending))
    return tqdm(total=total, initial=total - left, unit=" images", desc="records", mininterval=0.5)


def _watched(images: Iterable[PlannedImage], progress: tqdm) -> Iterator[PlannedImage]:
    for image in images:
        yield image
        progress.update()
