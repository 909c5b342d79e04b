"""One region of Visual Genome: a box in pixels becomes fractions of its image, a phrase loses the blanks around it.

As it lies in region_descriptions.json (version 1.2; in 1.0, `id` and `image`), and as it is read in an image of 800 x
600 pixels:

    {"region_id": 1383, "width": 182, "height": 109, "image_id": 1, "phrase": "shade is along the street ", "y": 372,
     "x": 194}

    Region((372 / 600, 194 / 800, 481 / 600, 376 / 800), "shade is along the street")

(x, y) is the top left corner, counted from 0. (The preprocessing of DenseCap counts from 1, which is not done here.)
Of 5,408,689 regions in version 1.2, 5,654 have negative coordinates, down to y = -904, and some lie wholly outside
their image (ranjaykrishna/visual_genome_python_driver, issue 21). Boxes are clipped to the image.
"""

from typing import Any

from im2txt.data.regions import Region


def read_region(entry: Any, image_width: int, image_height: int) -> Region:
    """Returns the part of a region that is inside its image, whose sides are in pixels.

    Raises:
        ValueError: the entry is malformed, its phrase is empty, or nothing of its box is left; says which.
    """
    try:
        x, y, width, height = (entry[side] for side in ("x", "y", "width", "height"))
        xmin, xmax = max(x, 0), min(x + width, image_width)
        ymin, ymax = max(y, 0), min(y + height, image_height)
        phrase = entry["phrase"].strip()
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"expected `x`, `y`, `width`, `height` and `phrase`, found {str(entry)[:80]}") from None
    if not phrase:
        raise ValueError("its phrase is empty")
    if xmin >= xmax or ymin >= ymax:
        box = f"x {x}, y {y}, width {width}, height {height}"
        raise ValueError(f"its box ({box}) has no area in the image of {image_width} x {image_height} pixels")
    return Region((ymin / image_height, xmin / image_width, ymax / image_height, xmax / image_width), phrase)


def region_id(entry: Any) -> int | None:
    """Returns the id of a region, or None where it has none."""
    return entry.get("region_id", entry.get("id")) if isinstance(entry, dict) else None
