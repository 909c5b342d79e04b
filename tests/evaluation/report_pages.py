"""What the tests of the report share: its items, the page written of them, and a reader of its elements."""

from html.parser import HTMLParser

from im2txt.evaluation.report import ReportHead, write_report
from im2txt.evaluation.report_cards import ReportItem
from tests.helpers import photo

VOID = {"meta", "img", "input"}
CORPUS = {"BLEU-4": 0.2061, "METEOR": None, "CIDEr-D": 0.4793}
EVIL = """</script><script>alert(1)</script>"'><img src=x onerror=alert(1)> {{cards}} &amp; $& \\1"""


class Page(HTMLParser):
    """Collects the elements of a page with their text, and checks that all are closed in order."""

    def __init__(self, html):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, tag=None, style=None):
        return [
            element
            for element in self.elements
            if tag in (None, element["tag"]) and (style is None or style in (element.get("class") or "").split())
        ]


def item(image_id="1", caption="a dog runs", scores=None, **changes):
    values = {
        "image_id": image_id,
        "image_bytes": photo(0, (40, 30), "JPEG"),
        "caption": caption,
        "log_probability": -3.2,
        "hypotheses": [(caption, -3.2), ("a cat runs", -4.5)],
        "references": ("a dog runs in the grass", "the dog"),
        "scores": scores or {"BLEU-4": 0.2, "CIDEr-D": 1.25},
    }
    return ReportItem(**{**values, **changes})


def written(folder, items, title="Title", corpus=CORPUS, details=None, curves=(), beside=None):
    head, photos = ReportHead(title, corpus, details or {}, curves, beside), [each.image_bytes for each in items]
    write_report(folder / "report.html", head, [each._replace(image_bytes=None) for each in items], photos)
    return (folder / "report.html").read_text(encoding="utf-8")
