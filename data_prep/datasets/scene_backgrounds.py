"""Paints the backgrounds of scenes: pale and muted, so that every colour of an object stands out.

Every painter takes the canvas and a random number generator; two paintings of one kind are never the same.
"""

import random

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]

PAPERS = (
    (226, 226, 226),
    (240, 230, 208),
    (236, 214, 214),
    (206, 222, 236),
    (214, 232, 214),
    (226, 214, 238),
)
SHADES = (  # from pale to deep
    ((244, 238, 226), (170, 150, 138)),
    ((232, 240, 250), (132, 152, 186)),
    ((250, 234, 238), (180, 136, 158)),
    ((236, 246, 234), (128, 160, 144)),
)
GREYS = ((150, 150, 156), (176, 170, 160), (196, 200, 204), (128, 138, 142), (206, 196, 190))


def paint(background: str, canvas: Image.Image, rng: random.Random) -> None:
    """Fills `canvas` (RGB) with a background of the given kind."""
    PAINTERS[background](canvas, rng)


def vary(colour: Colour, rng: random.Random, by: int = 8) -> Colour:
    """Returns a colour near the given one."""
    return tuple(min(255, max(0, channel + rng.randint(-by, by))) for channel in colour)


def _plain(canvas: Image.Image, rng: random.Random) -> None:
    canvas.paste(vary(rng.choice(PAPERS), rng), (0, 0, *canvas.size))


def _gradient(canvas: Image.Image, rng: random.Random) -> None:
    pale, deep = rng.choice(SHADES)
    ramp = Image.linear_gradient("L").rotate(rng.choice([0, 90, 180, 270])).resize(canvas.size)
    canvas.paste(vary(pale, rng), (0, 0, *canvas.size))
    canvas.paste(vary(deep, rng), mask=ramp)


def _grass(canvas: Image.Image, rng: random.Random) -> None:
    draw, side = _ground(canvas, (150, 194, 112), rng)
    for _ in range(130):
        x, y, blade = rng.random() * side, side * rng.uniform(0.24, 1.04), side * rng.uniform(0.02, 0.045)
        lean = blade * rng.uniform(-0.4, 0.4)
        draw.line([x, y, x + lean, y - blade], fill=vary((112, 160, 82), rng), width=max(1, side // 130))


def _sand(canvas: Image.Image, rng: random.Random) -> None:
    draw, side = _ground(canvas, (234, 212, 164), rng)
    for _ in range(150):
        x, y, grain = rng.random() * side, side * rng.uniform(0.24, 1), side * rng.uniform(0.004, 0.009)
        draw.ellipse([x - grain, y - grain, x + grain, y + grain], fill=vary((196, 170, 122), rng))


def _ground(canvas: Image.Image, colour: Colour, rng: random.Random) -> tuple[ImageDraw.ImageDraw, int]:
    """Paints a pale sky over flat ground; the horizon is high."""
    draw, side = ImageDraw.Draw(canvas), canvas.width
    horizon = side * rng.uniform(0.14, 0.22)
    draw.rectangle([0, 0, side, horizon], fill=vary((206, 228, 244), rng))
    draw.rectangle([0, horizon, side, side], fill=vary(colour, rng))
    return draw, side


def _sky(canvas: Image.Image, rng: random.Random) -> None:
    draw, side = ImageDraw.Draw(canvas), canvas.width
    canvas.paste(vary((146, 198, 240), rng), (0, 0, *canvas.size))
    for _ in range(rng.randint(4, 6)):
        x, y, puff = rng.random() * side, rng.random() * side, side * rng.uniform(0.05, 0.08)
        for across in (-1.3, 0, 1.3):
            rise = puff * (0.5 if across == 0 else 0)
            left, top = x + across * puff - 1.2 * puff, y - rise - puff
            draw.ellipse([left, top, left + 2.4 * puff, y + puff], fill=(232, 240, 248))


def _clutter(canvas: Image.Image, rng: random.Random) -> None:
    draw, side = ImageDraw.Draw(canvas), canvas.width
    canvas.paste(vary((216, 214, 210), rng), (0, 0, *canvas.size))
    for _ in range(70):
        x, y = rng.random() * side, rng.random() * side
        across, down = (side * rng.uniform(-0.12, 0.12) for _ in range(2))
        draw.line(
            [x, y, x + across, y + down],
            fill=vary(rng.choice(GREYS), rng),
            width=rng.randint(1, 3) * side // 96,
        )


PAINTERS = {
    "plain": _plain,
    "gradient": _gradient,
    "grass": _grass,
    "sand": _sand,
    "sky": _sky,
    "clutter": _clutter,
}
