"""A self-contained HTML page of the first images of every split, with their captions and region boxes."""

import base64
import html
import io
import itertools
from pathlib import Path

from PIL import Image

from im2txt.data.records import ImageRecord, read_image_records, read_manifest

_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; }
h2 { border-bottom: 1px solid #ccc; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 1.5em; }
figure { margin: 0; }
.photo { position: relative; display: inline-block; }
.photo img { display: block; width: 100%; min-width: 192px; }
.box { position: absolute; border: 1px solid #f0f; box-sizing: border-box; }
figcaption b { font-weight: 600; word-break: break-all; }
ul { margin: .3em 0; padding-left: 1.2em; }
"""


def contact_sheet(folder: Path, images: int) -> str:
    """Returns the page.

    Args:
        folder: a folder of image records.
        images: how many of each split to show.

    Raises:
        UserError: it is a folder of feature records, which hold no images.
    """
    manifest = read_manifest(folder)
    sections = []
    for split, entry in manifest["splits"].items():
        figures = "\n".join(map(_figure, itertools.islice(read_image_records(folder, split), images)))
        title = f"{split}: {entry['images']:,} images, {entry['captions']:,} captions"
        sections.append(f'<h2>{html.escape(title)}</h2>\n<div class="sheet">\n{figures}\n</div>')
    name = html.escape(manifest["dataset"])
    head = f'<meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
    body = "\n".join([f"<h1>{name}</h1>", *sections])
    return f"<!doctype html>\n<html><head>{head}</head><body>\n{body}\n</body></html>\n"


def _figure(record: ImageRecord) -> str:
    boxes = "".join(_box(*region.box, region.phrase) for region in record.regions)
    captions = "".join(f"<li>{html.escape(caption)}</li>" for caption in record.captions)
    photo = f'<div class="photo"><img alt="" src="{_data_url(record.image_bytes)}">{boxes}</div>'
    title = f"<b>{html.escape(record.image_id)}</b>"
    return f"<figure>{photo}<figcaption>{title}<ul>{captions}</ul></figcaption></figure>"


def _box(ymin: float, xmin: float, ymax: float, xmax: float, phrase: str) -> str:
    sides = {"top": ymin, "left": xmin, "height": ymax - ymin, "width": xmax - xmin}
    style = ";".join(f"{side}:{share:.2%}" for side, share in sides.items())
    return f'<div class="box" style="{style}" title="{html.escape(phrase)}"></div>'


def _data_url(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as image:
        kind = Image.MIME[image.format]
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
