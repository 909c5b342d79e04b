"""Where a decoder looked for each word: the figure of Show, Attend and Tell (Xu et al. 2015, figure 3).

First the photo, then one panel a word: the photo in warm light where the decoder looked, dim and grey
elsewhere. Each map is brought to the photo's size by bicubic interpolation and divided by its own greatest
value, so that an even map lights the photo evenly, and a peaked one shows a spot. (The paper's figure
stretches each map between its own least and greatest value, which makes contrast out of an even map's noise.)
"""

import os
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from im2txt.data.photos import upright_pixels

DIM = 0.28  # brightness where nothing is attended
GLOW = 0.2 * np.array([255.0, 196.0, 64.0], np.float32)  # warm light, for dark photos
GAP, MARGIN, LABEL = 8, 14, 24  # pixels: between panels, around the strip, height of the word above a panel
INK = (32, 33, 36)


def attention_strip(
    image: np.ndarray, words: Sequence[str], maps: np.ndarray, panel: int = 168, columns: int = 6
) -> Image.Image:
    """Draws the photo and one panel a word, in rows of at most `columns`.

    Args:
        image: uint8 [height, width, 3], RGB.
        words: the caption's words.
        maps: float [words, grid height, grid width], not negative; the grid covers the whole photo.
        panel: longest side of a panel, pixels.
        columns: most panels in a row.
    """
    if len(words) != len(maps):
        raise ValueError(f"Expected a map for each of {len(words)} words. Received: {len(maps)}.")
    photo = _fitted(Image.fromarray(image), panel)
    panels = [("", photo), *((word, light(photo, attention)) for word, attention in zip(words, maps))]
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    step_x, step_y = photo.width + GAP, photo.height + LABEL + GAP
    size = (2 * MARGIN + columns * step_x - GAP, 2 * MARGIN + rows * step_y - GAP)
    strip = Image.new("RGB", size, color="white")
    draw = ImageDraw.Draw(strip)
    for index, (word, picture) in enumerate(panels):
        x, y = MARGIN + index % columns * step_x, MARGIN + index // columns * step_y
        draw.text((x + photo.width / 2, y + LABEL / 2), word, INK, _font(word, photo.width), anchor="mm")
        strip.paste(picture, (x, y + LABEL))
    return strip


class AttentionFolder:
    """A folder of strips, one PNG an image."""

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._taken = set()

    def draw(self, name: str, image_bytes: bytes, words: Sequence[str], maps: np.ndarray) -> Path:
        """Draws the strip of an encoded image and returns its path.

        The file is called like the image `name`, without its suffix; images of the same name are numbered.
        """
        image = upright_pixels(tf.constant(image_bytes)).numpy()
        stem = name = "_".join(Path(name).with_suffix("").parts)
        number = 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name)
        path = self.folder / f"{name}.png"
        attention_strip(image, words, maps).save(path)
        return path


def _fitted(photo: Image.Image, panel: int) -> Image.Image:
    """Returns the photo with `panel` pixels on its longest side, and one at least on the other."""
    scale = panel / max(photo.size)
    return photo.resize([max(1, round(scale * side)) for side in photo.size], Image.Resampling.LANCZOS)


def light(photo: Image.Image, attention: np.ndarray) -> Image.Image:
    """Returns the photo lit where `attention` [grid height, grid width] is great; its size stays."""
    share = attention.astype(np.float32) / max(float(attention.max()), 1e-9)
    mask = Image.fromarray(share).resize(photo.size, Image.Resampling.BICUBIC)
    mask = np.clip(np.asarray(mask), 0.0, 1.0)[:, :, None]  # [height, width, 1]
    lit = np.minimum(0.9 * np.asarray(photo, np.float32) + GLOW, 255.0)
    dim = DIM * np.asarray(photo.convert("L"), np.float32)[:, :, None]
    return Image.fromarray(np.round(mask * lit + (1.0 - mask) * dim).astype(np.uint8))


def _font(word: str, width: int) -> ImageFont.FreeTypeFont:
    """Returns the font in which a word fits a panel; it covers far more than Latin letters."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    font = ImageFont.truetype(path, 16)
    return font.font_variant(size=max(7, int(16 * min(1.0, width / max(font.getlength(word), 1.0)))))
