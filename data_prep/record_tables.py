"""Readable text of a records folder and of one record."""

import io
import json
from pathlib import Path

import tensorflow as tf
from PIL import Image

from data_prep.record_inspection import FoundRecord, TextStatistics, split_statistics
from im2txt.data.records import VOCABULARY, read_manifest
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary

_SHOWN_SKIPPED = 10


def folder_table(folder: Path) -> str:
    """Returns counts, caption lengths and vocabulary coverage of every split, and what was skipped."""
    manifest = read_manifest(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    kind = "feature records" if manifest.get("features") else "image records"
    header = ("split", "images", "shards", "texts", "min", "median", "95 %", "max", "words", "unknown")
    rows = [header]
    for split, entry in manifest["splits"].items():
        statistics = split_statistics(folder, split)
        for what, texts in (("captions", statistics.captions), ("phrases", statistics.phrases)):
            if texts.texts or what == "captions":
                counts = (statistics.images, len(entry["shards"]), *_text_counts(texts))
                rows.append((f"{split}, {what}", *(f"{count:,}" for count in counts), _unknown_share(texts)))
    lines = [
        f"{folder}: {kind} of {manifest['dataset']}, schema {manifest['schema']}",
        f"vocabulary: {len(vocabulary) - len(SPECIAL_WORDS):,} words and {len(SPECIAL_WORDS)} special ones",
        "",
        *_aligned(rows),
        "",
        *_skipped_lines(manifest["skipped"]),
        *_re_encoded_lines(manifest.get("re_encoded", {})),
        *_duplicate_lines(manifest.get("duplicates", {"items": []})),
    ]
    return "\n".join(lines) + "\n"


def record_text(folder: Path, found: FoundRecord) -> str:
    """Returns all fields of a record; caption words are shown as the model reads them."""
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    feature = found.example.features.feature
    lines = [f"image    {_strings(feature['image/id'])[0]}", f"split    {found.split} ({found.shard})"]
    if "image/bytes" in feature:
        lines.append(f"pixels   {_describe_image(feature['image/bytes'].bytes_list.value[0])}")
    else:
        lines.append(f"features {len(feature['features/regions'].bytes_list.value[0]):,} bytes")
    ids = iter(feature["captions/ids"].int64_list.value)
    for caption, length in zip(_strings(feature["captions/text"]), feature["captions/lengths"].int64_list.value):
        words = vocabulary.decode([next(ids) for _ in range(length)])
        lines += [f"caption  {caption}", f"         {words}"]
    boxes = feature["regions/boxes"].float_list.value
    for number, phrase in enumerate(_strings(feature["regions/phrases"])):
        box = ", ".join(f"{side:.3f}" for side in boxes[4 * number : 4 * number + 4])
        lines.append(f"region   [{box}] {phrase}")
    if "metadata" in feature:
        metadata = json.loads(feature["metadata"].bytes_list.value[0])
        lines += ["metadata " + json.dumps(metadata, indent=2)] if metadata else []
    return "\n".join(lines) + "\n"


def _text_counts(texts: TextStatistics) -> tuple[int, ...]:
    lengths = (texts.length_quantile(share) for share in (0.0, 0.5, 0.95, 1.0))
    return texts.texts, *lengths, texts.words


def _unknown_share(texts: TextStatistics) -> str:
    return f"{texts.unknown / max(1, texts.words):.2%}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Returns the rows as lines: the first column flush left, all others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        row[0].ljust(widths[0]) + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
        for row in rows
    ]


def _skipped_lines(skipped: dict) -> list[str]:
    items = [f"  {item['where']}: {item['image_id']}: {item['reason']}" for item in skipped["items"]]
    more = [f"  and {len(items) - _SHOWN_SKIPPED} more"] if len(items) > _SHOWN_SKIPPED else []
    return [f"skipped: {skipped['count']}", *items[:_SHOWN_SKIPPED], *more]


def _duplicate_lines(duplicates: dict) -> list[str]:
    items = [
        f"  {item['image_id']} of {item['split']}: {item['same_as']} of {item['of_split']}"
        for item in duplicates["items"]
    ]
    return [f"images that two held-out splits share: {len(items)}", *items[:_SHOWN_SKIPPED]] if items else []


def _re_encoded_lines(re_encoded: dict[str, int]) -> list[str]:
    kinds = ", ".join(f"{count:,} {why}" for why, count in sorted(re_encoded.items()))
    return [f"re-encoded: {kinds}"] if kinds else []


def _describe_image(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as image:
        return f"{image.format} {image.width} x {image.height}, {len(content):,} bytes"


def _strings(feature: tf.train.Feature) -> list[str]:
    return [value.decode() for value in feature.bytes_list.value]
