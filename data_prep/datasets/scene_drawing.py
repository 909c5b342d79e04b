"""Draws a scene graph as a picture: pixels from the graph, a size and a seed, and nothing else.

Everything is drawn `OVERSAMPLING` times as large and averaged down, which smooths all edges. An object fills
its box to the pixel; it has a dark outline within the box, and a pattern in a lighter or darker tone of its
colour.
"""

import io
import math
import random
from collections.abc import Mapping

from PIL import Image, ImageDraw

from data_prep.datasets.scene_backgrounds import Colour, paint, vary

OVERSAMPLING = 3
PALETTE: dict[str, Colour] = {
    "red": (216, 38, 38),
    "orange": (250, 140, 24),
    "yellow": (252, 222, 48),
    "green": (34, 142, 56),
    "blue": (36, 84, 216),
    "purple": (140, 54, 176),
    "black": (30, 30, 34),
    "white": (250, 250, 250),
}
OUTLINE: Colour = (40, 40, 44)
Path = list[tuple[float, float]]  # (x, y) in fractions of the object's box


def encode_scene(scene: Mapping, size: int, seed: str) -> bytes:
    """Returns the picture of a scene as PNG, `size` x `size` pixels."""
    file = io.BytesIO()
    draw_scene(scene, size, seed).save(file, "PNG")
    return file.getvalue()


def draw_scene(scene: Mapping, size: int, seed: str) -> Image.Image:
    """Returns the picture of a scene, RGB, `size` x `size` pixels."""
    rng = random.Random(seed)
    canvas = Image.new("RGB", (size * OVERSAMPLING, size * OVERSAMPLING))
    paint(scene["background"], canvas, rng)
    for thing in scene["objects"]:
        _draw_object(canvas, thing, rng)
    return canvas.reduce(OVERSAMPLING)


def _draw_object(canvas: Image.Image, thing: Mapping, rng: random.Random) -> None:
    side = canvas.width
    top, left, bottom, right = (round(edge * side) for edge in thing["box"])
    width, height = right - left, bottom - top
    patch = Image.new("RGB", (width, height), vary(PALETTE[thing["colour"]], rng))
    if thing["texture"] != "plain":
        patch.paste(_tone(patch.getpixel((0, 0))), mask=_pattern(thing["texture"], width, height))
    mask = Image.new("L", (width, height))
    outer, *holes = SHAPE_PATHS[thing["shape"]]
    for path in (outer, *holes):
        points = [(x * width - 0.5, y * height - 0.5) for x, y in path]
        ImageDraw.Draw(mask).polygon(points, fill=255 if path is outer else 0)
        # The outer half of the line is cut off by the mask.
        ImageDraw.Draw(patch).line([*points, points[0], points[1]], fill=OUTLINE, width=side // 48, joint="curve")
    canvas.paste(patch, (left, top), mask)


def _tone(colour: Colour) -> Colour:
    """Returns the second tone of a pattern: lighter for dark colours, darker for light ones."""
    red, green, blue = colour
    dark = 0.3 * red + 0.59 * green + 0.11 * blue < 128  # luma, ITU-R BT.601
    return tuple(round(0.45 * channel + 110 if dark else 0.6 * channel) for channel in colour)


def _pattern(texture: str, width: int, height: int) -> Image.Image:
    """Returns a mask [height, width] of the second tone."""
    mask = Image.new("L", (width, height))
    draw, step = ImageDraw.Draw(mask), width / 4.5
    for row in range(-5, 10):
        if texture == "striped":
            draw.line([row * step, 0, row * step + height, height], fill=255, width=round(0.32 * step))
            continue
        for column in range(5):
            x, y = column * step, row * step
            if texture == "dotted":
                x += (row % 2) * step / 2
                draw.ellipse([x, y, x + 0.55 * step, y + 0.55 * step], fill=255)
            elif (row + column) % 2:
                draw.rectangle([x, y, x + step, y + step], fill=255)
    return mask


def _arc(x: float, y: float, radius: float, start: float = 0, stop: float = 360, points: int = 48) -> Path:
    """Returns points of a circle's arc, in degrees clockwise from the right."""
    angles = (math.radians(start + (stop - start) * index / points) for index in range(points + 1))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _fill_box(path: Path) -> Path:
    """Stretches a path so that it touches all four sides of its box."""
    xs, ys = zip(*path)
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    return [((x - min(xs)) / wide, (y - min(ys)) / high) for x, y in path]


def _star() -> Path:
    turns = [math.radians(36 * index - 90) for index in range(10)]
    radii = [1, 0.45] * 5
    return _fill_box([(r * math.cos(turn), r * math.sin(turn)) for r, turn in zip(radii, turns)])


def _heart() -> Path:
    """Returns the heart curve x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t (y upwards)."""
    cos = [[math.cos(math.radians(6 * index) * times) for times in range(5)] for index in range(60)]
    xs = [16 * math.sin(math.radians(6 * index)) ** 3 for index in range(60)]
    return _fill_box([(x, -13 * c[1] + 5 * c[2] + 2 * c[3] + c[4]) for x, c in zip(xs, cos)])


def _cross() -> Path:
    a, b = 0.32, 0.68
    return [(a, 0), (b, 0), (b, a), (1, a), (1, b), (b, b), (b, 1), (a, 1), (a, b), (0, b), (0, a), (a, a)]


def _moon() -> Path:
    return _fill_box(_arc(0, 0, 1, 50, 310) + _arc(0.42, 0, 0.79, 284, 76))


SHAPE_PATHS: dict[str, list[Path]] = {  # an outline, then its holes
    "circle": [_arc(0.5, 0.5, 0.5)],
    "square": [[(0, 0), (1, 0), (1, 1), (0, 1)]],
    "triangle": [[(0.5, 0), (1, 1), (0, 1)]],
    "star": [_star()],
    "cross": [_cross()],
    "ring": [_arc(0.5, 0.5, 0.5), _arc(0.5, 0.5, 0.28)],
    "heart": [_heart()],
    "moon": [_moon()],
}
