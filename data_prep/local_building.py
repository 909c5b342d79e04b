"""Writes shards on one machine: worker processes check images, this process writes them, shard after shard."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tqdm import tqdm

from data_prep.image_checks import checked_images
from data_prep.plan import PlannedImage, PlannedShard
from data_prep.record_building import Build, Runner
from data_prep.shard_writing import ShardReport, finished_report, held_out_images, write_shard
from data_prep.skipped import check_skipped


def local_runner(workers: int) -> Runner:
    """Returns the runner that checks images in so many processes; one means this process itself."""

    def run(build: Build, shards: Mapping[str, Sequence[PlannedShard]]) -> None:
        planned = list(itertools.chain(*shards.values()))
        reports = {shard: finished_report(build.folder / shard.name) for shard in planned}
        pending = [shard for shard in planned if not reports[shard]]
        images, ahead = itertools.tee(itertools.chain.from_iterable(map(build.plan.images, pending)))
        checks = checked_images((image.example for image in ahead), build.config.image, workers)
        with _progress(planned, pending) as progress:
            for shard in pending:
                block = _watched(itertools.islice(images, shard.images), progress)
                held_out = held_out_images(_finished(reports)) if shard.split == "train" else {}
                path = build.folder / shard.name
                reports[shard] = write_shard(path, block, checks, build.vocabulary, held_out)
                _check_skipped(build, _finished(reports))

    return run


def _finished(reports: Mapping[PlannedShard, ShardReport | None]) -> list[tuple[str, ShardReport]]:
    return [(shard.split, report) for shard, report in reports.items() if report]


def _check_skipped(build: Build, finished: Iterable[tuple[str, ShardReport]]) -> None:
    skipped = build.plan.skipped() + [item for _, report in finished for item in report.skipped]
    check_skipped(skipped, build.plan.found, build.config.max_skipped)


def _progress(planned: Sequence[PlannedShard], pending: Sequence[PlannedShard]) -> tqdm:
    total, left = (sum(shard.images for shard in shards) for shards in (planned, pending))
    return tqdm(total=total, initial=total - left, unit=" images", desc="records", mininterval=0.5)


def _watched(images: Iterable[PlannedImage], progress: tqdm) -> Iterator[PlannedImage]:
    for image in images:
        yield image
        progress.update()
