"""What is exported: image bytes in, captions out, in one graph that TensorFlow alone can run.

    signatures["serving_default"](image_bytes=string [batch]) ->
        captions   string  [batch, beam]    text in UTF-8, best first
        scores     float32 [batch, beam]    sums of natural log-probabilities, <end> included
        lengths    int32   [batch, beam]    steps: words, <end> included where the caption ended
        ok         bool    [batch]          false: these bytes are no image
        attention  float32 [batch, beam, length, regions]    the map behind each step, row-major over the
                                            grid; only where the decoder attends
        pieces     string  [batch, beam, length]    what each step adds to the caption, e.g. " play", "ing"; only
                                            where the decoder attends and not every step is a word
    signatures["metadata"]() -> json string    the content of assets/metadata.json

Where `ok` is false, the captions are empty, their scores -inf (probability 0), lengths and maps 0; the other
images are served as if alone. An empty slot, where fewer captions exist than beams, looks the same.

    assets/vocabulary.txt   the words, as `im2txt.text.vocabulary` writes them; the graph holds them too
    assets/metadata.json    {"vocabulary_size": 2269, "vocabulary_sha256": "...", "grid": [8, 8],
                             "image_size": 299, "attends": true, "decoding": {"beam_size": 3, ...},
                             "tensorflow": "2.21.0", and from im2txt.export: "config": {...}, ...}

Images are decoded and resized as in training and evaluation, but for what `data_prep` has done to those before: they
are turned upright as the EXIF of a JPEG says, and transparent parts of a PNG show white (`im2txt.data.photos`).
"""

import dataclasses
import json
import os
import tempfile
from pathlib import Path

import tensorflow as tf

from im2txt.data.photos import decode_photo
from im2txt.decoding.beam_search import DecodingConfig, Hypotheses, beam_search
from im2txt.errors import UserError
from im2txt.files import refuse_patterns, write_whole
from im2txt.models.captioner import Captioner
from im2txt.text.vocabulary import PAD, Vocabulary

VOCABULARY = "vocabulary.txt"
METADATA = "metadata.json"


class CaptionService(tf.Module):
    """A captioner with its preprocessing, search and vocabulary; see the module's docstring.

    The files in `assets` must stay where they are until the service is saved.
    """

    def __init__(self, captioner: Captioner, vocabulary: Vocabulary, decoding: DecodingConfig, assets: Path) -> None:
        super().__init__(name="caption_service")
        self.captioner = captioner
        self.vocabulary = vocabulary
        self.decoding = decoding
        self.metadata_file = tf.saved_model.Asset(str(assets / METADATA))
        self.vocabulary_file = tf.saved_model.Asset(str(assets / VOCABULARY))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def caption(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Captions encoded images [batch]; returns the fields of `serving_default`."""
        count = tf.size(image_bytes)
        # convolutions fail on an empty batch: it gets an image, which is taken off again at the end
        image_bytes = tf.concat([image_bytes, tf.fill([tf.cast(count == 0, tf.int32)], "")], axis=0)
        images, ok = decode_images(image_bytes, self.captioner.encoder.image_size)
        decoder = self.captioner.decoder
        start = decoder.start(self.captioner.encode(images))
        found = _only_where(ok, beam_search(decoder.step, start, self.decoding, tf.size(image_bytes)))
        captions, pieces = spell_captions(found.tokens, self.vocabulary)
        fields = {
            "captions": captions,
            "scores": found.scores,
            "lengths": found.lengths,
            "ok": ok,
        }
        if found.attention is not None:
            fields["attention"] = found.attention
            if self.vocabulary.in_pieces:
                fields["pieces"] = pieces
        return {name: field[:count] for name, field in fields.items()}

    @tf.function(input_signature=[])
    def metadata(self) -> dict[str, tf.Tensor]:
        """Returns the metadata as a JSON string."""
        return {"json": tf.io.read_file(self.metadata_file.asset_path)}


def spell_captions(tokens: tf.Tensor, vocabulary: Vocabulary) -> tuple[tf.Tensor, tf.Tensor]:
    """Does in the graph what `vocabulary.decode` does, on tokens [..., length] with nothing but padding after <end>.

    Returns:
        The captions [...], and their pieces [..., length].
    """
    pieces = tf.gather(tf.constant(vocabulary.pieces, tf.string), tokens)
    captions = tf.strings.strip(tf.strings.reduce_join(pieces, axis=-1))
    return tf.strings.unicode_transcode(captions, "UTF-8", "UTF-8", errors="replace"), pieces


def decode_images(image_bytes: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes encoded images [batch] in the graph, none of which can fail the others.

    Returns:
        Images float32 [batch, size, size, 3] in [-1, 1], 0 where the bytes are no image; and bool [batch]:
        whether they are one.
    """
    count = tf.size(image_bytes)
    # Only a dataset can step over an op that fails. One image too many keeps its batch from being empty.
    decoded = (
        tf.data.Dataset.from_tensor_slices((tf.range(count), image_bytes))
        .map(lambda index, data: (index, decode_photo(data, size)), num_parallel_calls=tf.data.AUTOTUNE)
        .ignore_errors(log_warning=False)
        .concatenate(tf.data.Dataset.from_tensors((count, tf.zeros([size, size, 3]))))
    )
    index, images = decoded.batch(tf.cast(count, tf.int64) + 1).get_single_element()
    images = tf.scatter_nd(index[:, None], images, [count + 1, size, size, 3])[:count]
    ok = tf.scatter_nd(index[:, None], tf.ones_like(index), [count + 1])[:count] > 0
    return images, ok


def export_service(
    captioner: Captioner,
    vocabulary: Vocabulary,
    decoding: DecodingConfig,
    metadata: dict,
    output: str | os.PathLike,
) -> None:
    """Saves a captioner, built and restored, as a service; the folder is whole or absent.

    Args:
        captioner: with an encoder; its decoder's vocabulary size is that of `vocabulary`.
        vocabulary: the words by id.
        decoding: how the service seeks captions; fixed in the export.
        metadata: what else shall be known of the model, such as its configuration; plain JSON types.
        output: a folder that does not exist, is empty, or holds an earlier export, which is then replaced.

    Raises:
        UserError: `output` holds something else.
    """
    if len(vocabulary) != captioner.decoder.vocab_size:
        expected = f"Expected a vocabulary of {captioner.decoder.vocab_size} words."
        raise ValueError(f"{expected} Received: {len(vocabulary)}.")
    output = Path(output).resolve()  # a link leads to the model itself, and "." has a parent
    check_output(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{output.name}.part-", dir=output.parent) as folder:
        assets, saved = Path(folder, "assets"), Path(folder, "saved")
        assets.mkdir()
        vocabulary.save(assets / VOCABULARY)
        write_whole(assets / METADATA, _metadata(captioner, vocabulary, decoding, metadata))
        service = CaptionService(captioner, vocabulary, decoding, assets)
        signatures = {"serving_default": service.caption, "metadata": service.metadata}
        tf.saved_model.save(service, str(saved), signatures=signatures)
        _replace(output, saved, Path(folder, "earlier"))


def _replace(output: Path, saved: Path, aside: Path) -> None:
    """Puts `saved` in the place of `output`, which comes back where that fails."""
    if output.exists():
        output.rename(aside)
    try:
        saved.rename(output)
    except BaseException:
        if aside.exists():
            aside.rename(output)
        raise


def check_output(output: str | os.PathLike) -> None:
    """Raises a UserError where an export would overwrite anything but an earlier export, or not be found again."""
    output = Path(output)
    refuse_patterns(output)
    if output.is_mount():
        raise UserError(f"{output} is a mounted volume, which cannot be replaced; give a folder in it as output.")
    earlier_export = Path(output, "saved_model.pb").is_file() and Path(output, "assets", METADATA).is_file()
    if output.is_file() or (output.is_dir() and any(output.iterdir()) and not earlier_export):
        raise UserError(f"{output} exists and is no exported model; give a new or an empty folder as output.")


def _metadata(captioner: Captioner, vocabulary: Vocabulary, decoding: DecodingConfig, more: dict) -> str:
    metadata = {
        **more,
        "vocabulary_size": len(vocabulary),
        "vocabulary_sha256": vocabulary.sha256(),
        "grid": list(captioner.encoder.grid),
        "image_size": captioner.encoder.image_size,
        "attends": captioner.decoder.attends,
        "decoding": dataclasses.asdict(decoding),
        "tensorflow": tf.__version__,
    }
    return json.dumps(metadata, indent=2, sort_keys=True) + "\n"


def _only_where(ok: tf.Tensor, found: Hypotheses) -> Hypotheses:
    """Empties the hypotheses of the images that are not `ok` [batch]."""
    empty = Hypotheses(tokens=PAD, scores=float("-inf"), lengths=0, attention=0.0)

    def choose(leaf: tf.Tensor, nothing: float) -> tf.Tensor:
        return tf.where(tf.reshape(ok, [-1] + [1] * (leaf.shape.rank - 1)), leaf, nothing)

    return Hypotheses(*(leaf if leaf is None else choose(leaf, nothing) for leaf, nothing in zip(found, empty)))
