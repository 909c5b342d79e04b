"""The manifest of a records folder: what was written, what was left out and why, made of the reports of its shards."""

from collections import Counter
from collections.abc import Mapping, Sequence

from data_prep.plan import Plan
from data_prep.shard_writing import ShardReport
from data_prep.skipped import Skipped, check_skipped
from im2txt.errors import UserError
from im2txt.notices import notice
from im2txt.text.vocabulary import Vocabulary


def build_manifest(
    plan: Plan, vocabulary: Vocabulary, reports: Mapping[str, Sequence[ShardReport]], max_skipped: float
) -> dict:
    """Returns the manifest, a JSON object; tells the user of images that two held-out splits share.

    Args:
        plan: of the build.
        vocabulary: of the build.
        reports: of every shard, by split.
        max_skipped: how many images or captions may be skipped, as a share of the number of images.

    Raises:
        UserError: more were skipped, or nothing of a split is left.
    """
    written = [report for shards in reports.values() for report in shards]
    skipped = plan.skipped() + [item for report in written for item in report.skipped]
    check_skipped(skipped, plan.found, max_skipped)
    _check_splits(reports, skipped)
    duplicates = _duplicates(reports)
    if duplicates:
        notice(f"{len(duplicates)} images are the same in two held-out splits; manifest.json names them")
    return {
        **plan.facts,
        "vocabulary_sha256": vocabulary.sha256(),
        "splits": {split: _split_json(shards) for split, shards in reports.items()},
        "skipped": {"count": len(skipped), "items": [item._asdict() for item in skipped]},
        "duplicates": {"count": len(duplicates), "items": duplicates},
        "re_encoded": sum((Counter(report.re_encoded) for report in written), Counter()),
        "features": None,
    }


def _check_splits(reports: Mapping[str, Sequence[ShardReport]], skipped: Sequence[Skipped]) -> None:
    """Raises UserError for a split of which nothing is left."""
    for split, shards in reports.items():
        if not any(report.records for report in shards):
            reasons = [item for report in shards for item in report.skipped] or skipped
            first = "; ".join(f"{item.where}: {item.reason}" for item in reasons[:3])
            raise UserError(f"No image of split `{split}` could be used: {first}. Mend the source, or leave it out.")


def _split_json(reports: Sequence[ShardReport]) -> dict:
    return {
        "images": sum(report.records for report in reports),
        "captions": sum(report.captions for report in reports),
        "shards": [
            {"name": report.name, "sha256": report.sha256, "bytes": report.bytes, "records": report.records}
            for report in reports
        ],
    }


def _duplicates(reports: Mapping[str, Sequence[ShardReport]]) -> list[dict]:
    """Returns the images of held-out splits whose bytes an earlier held-out split has, too."""
    first: dict[str, tuple[str, str]] = {}
    duplicates = []
    for split, shards in reports.items():
        originals = (item for report in shards for item in report.originals.items())
        for digest, image_id in ((digest, image_id) for digest, ids in originals for image_id in ids):
            same_as, of_split = first.setdefault(digest, (image_id, split))
            if of_split != split:
                duplicates.append({"image_id": image_id, "split": split, "same_as": same_as, "of_split": of_split})
    return duplicates
