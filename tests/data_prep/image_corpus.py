"""Files of every kind that a folder of images may hold, and what the check is to make of each.

`CASES` is the table: a name -> the bytes of a file and what is expected. A case is kept (its very bytes go into the
record), re-encoded (`re_encoded` says why) or refused (`reason` is a pattern of all that is said). All of the first two
sorts show the picture of `image_making`.
"""

import struct

from PIL import Image, ImageCms

from tests.data_prep.image_making import (  # noqa: F401 (tests of images import some of these from here)
    DARK,
    INK_QUARTERS,
    JPEG,
    NOISE,
    ORIENTATIONS,
    PNG,
    SEEN_THROUGH,
    SIZE,
    WHITE,
    YELLOW,
    Case,
    adam7,
    animation,
    chunk,
    edited,
    grey_quarters,
    greys,
    inks,
    jpeg,
    lab,
    opened,
    orientation,
    palette,
    picture,
    pixels,
    plain_cmyk,
    png,
    see_through,
    tiff,
    turned,
    unfiltered,
    with_segment,
    ycck,
)
from tests.data_prep.refused_images import REFUSED
from tests.helpers import encoded

KEPT = {
    "JPEG": Case(JPEG),
    "JPEG progressive": Case(jpeg(progressive=True)),
    "JPEG 4:4:4": Case(jpeg(subsampling="4:4:4")),
    "JPEG 4:2:2": Case(jpeg(subsampling="4:2:2")),
    "JPEG in RGB": Case(jpeg(keep_rgb=True)),
    "JPEG with restarts": Case(jpeg(restart_marker_blocks=1)),
    "JPEG with upright EXIF": Case(jpeg(exif=orientation(1))),
    "JPEG of no known orientation": Case(jpeg(exif=orientation(9))),
    "JPEG with broken EXIF": Case(with_segment(JPEG, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")),
    "JPEG with EXIF of no sense": Case(with_segment(JPEG, 0xE1, b"Exif\0\0no sense")),
    "JPEG with a comment": Case(jpeg(comment=b"a photo")),
    "JPEG with a profile": Case(jpeg(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())),
    "JPEG with a thumbnail": Case(with_segment(JPEG, 0xE3, JPEG)),
    "JPEG with filled markers": Case(JPEG[:2] + b"\xff\xff" + JPEG[2:]),
    "JPEG with bytes behind its end": Case(JPEG + b"\0\xff\xc3" * 50),
    "JPEG of the grey of missing data": Case(jpeg(Image.new("RGB", SIZE, (128,) * 3)), quarters=((128,) * 3,) * 4),
    "PNG": Case(PNG),
    "PNG interlaced": Case(adam7()),
    "PNG with a text": Case(png(8, 2, unfiltered(pixels()), chunk(b"tEXt", b"Title\0a picture"))),
    "PNG with EXIF of no sense": Case(
        png(8, 2, unfiltered(pixels()), chunk(b"tEXt", b"Raw profile type exif\0\nexif\n2\nno sense"))
    ),
    "PNG with unknown extras": Case(png(8, 2, unfiltered(pixels()), chunk(b"abCd", b"?"))),
    "PNG that ends in black": Case(encoded(picture(DARK)), quarters=DARK),
    "PNG with bytes behind its end": Case(PNG + b"behind"),
}

RE_ENCODED = {
    **{f"JPEG turned {n}": Case(jpeg(turned(n), exif=orientation(n)), "turned by its EXIF") for n in range(2, 9)},
    "PNG turned": Case(encoded(turned(6), exif=orientation(6)), "turned by its EXIF"),
    "WebP turned": Case(encoded(turned(8), "WEBP", exif=orientation(8), lossless=True), "WEBP"),
    "TIFF turned": Case(encoded(turned(6), "TIFF", exif=orientation(6)), "TIFF"),
    "JPEG grey": Case(jpeg(picture().convert("L")), "JPEG of mode L", quarters=grey_quarters()),
    "JPEG CMYK": Case(jpeg(inks()), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "JPEG YCCK": Case(ycck(), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "JPEG CMYK without Adobe": Case(plain_cmyk(), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "PNG grey": Case(encoded(picture().convert("L")), "PNG of mode L", quarters=grey_quarters()),
    "PNG 1-bit": Case(
        encoded(picture((255, 0, 0, 255), "L").convert("1")),
        "PNG of mode 1",
        quarters=(WHITE, (0, 0, 0), (0, 0, 0), WHITE),
    ),
    "PNG grey 16-bit": Case(
        png(16, 0, unfiltered(greys(65535).astype(">u2"))), "PNG of mode I;16", "", SIZE, grey_quarters()
    ),
    "PNG grey 16-bit with transparency": Case(
        png(16, 0, unfiltered(greys(65535).astype(">u2")), chunk(b"tRNS", b"\1\2")),
        "PNG of mode I;16",
        quarters=grey_quarters(),
    ),
    "PNG 16-bit": Case(png(16, 2, unfiltered(pixels(">u2") * 257)), "PNG of 16 bits"),
    "PNG 16-bit with transparency": Case(
        png(16, 2, unfiltered(pixels(">u2") * 257), chunk(b"tRNS", struct.pack(">3H", *(257 * v for v in YELLOW)))),
        "PNG of 16 bits",
        quarters=SEEN_THROUGH,
    ),
    "PNG palette": Case(palette(False), "PNG of mode P"),
    "PNG palette with transparency": Case(palette(True), "PNG of mode P", quarters=SEEN_THROUGH),
    "PNG RGBA": Case(encoded(see_through()), "PNG of mode RGBA", quarters=SEEN_THROUGH),
    "PNG LA": Case(encoded(see_through("LA")), "PNG of mode LA", quarters=(*grey_quarters()[:3], WHITE)),
    "PNG with a transparent colour": Case(
        encoded(picture(), transparency=YELLOW), "PNG with transparency", quarters=SEEN_THROUGH
    ),
    "PNG animated": Case(animation("PNG"), "animated PNG"),
    "GIF": Case(encoded(picture(), "GIF"), "GIF"),
    "GIF animated": Case(animation("GIF"), "GIF"),
    "GIF animated, cut in its second picture": Case(animation("GIF")[:-20], "GIF"),
    "GIF with transparency": Case(encoded(see_through(), "GIF"), "GIF", quarters=SEEN_THROUGH),
    "WebP": Case(encoded(picture(), "WEBP", quality=95), "WEBP"),
    "WebP lossless": Case(encoded(picture(), "WEBP", lossless=True), "WEBP"),
    "WebP with transparency": Case(encoded(see_through(), "WEBP", lossless=True), "WEBP", quarters=SEEN_THROUGH),
    "WebP animated": Case(animation("WEBP", lossless=True), "WEBP"),
    "BMP": Case(encoded(picture(), "BMP"), "BMP"),
    "BMP palette": Case(encoded(picture().quantize(4), "BMP"), "BMP"),
    "BMP 32-bit": Case(encoded(see_through(), "BMP"), "BMP"),  # the fourth byte means nothing in most such files
    "TIFF": Case(encoded(picture(), "TIFF"), "TIFF"),
    "TIFF of pages": Case(animation("TIFF"), "TIFF"),
    "TIFF packed": Case(encoded(picture(), "TIFF", compression="tiff_lzw"), "TIFF"),
    "TIFF of JPEG": Case(encoded(picture(), "TIFF", compression="jpeg"), "TIFF"),
    "TIFF CMYK": Case(encoded(inks(), "TIFF"), "TIFF", quarters=INK_QUARTERS),
    "TIFF Lab": Case(encoded(lab(), "TIFF"), "TIFF"),
    "TIFF 16-bit": Case(tiff(pixels("<u2") * 257, photometric=2), "TIFF"),
    "TIFF grey 16-bit": Case(tiff(greys(65535).astype("<u2")[..., None], 1), "TIFF", quarters=grey_quarters()),
    "TIFF grey 16-bit, high bytes first": Case(
        encoded(Image.fromarray(greys(65535).astype(">u2")), "TIFF"), "TIFF", quarters=grey_quarters()
    ),
    "TIFF whole numbers to 65535": Case(
        tiff(greys(65535).astype("<i4")[..., None], 1, 2), "TIFF", quarters=grey_quarters()
    ),
    "TIFF floats to 1": Case(tiff(greys(1).astype("<f4")[..., None], 1, 3), "TIFF", quarters=grey_quarters()),
    "TIFF floats to 255": Case(tiff(greys().astype("<f4")[..., None], 1, 3), "TIFF", quarters=grey_quarters()),
    "TIFF floats, some negative": Case(
        encoded(picture((-3.0, 5.0, 1.0, -1.0), "F"), "TIFF"),
        "TIFF",
        quarters=((0, 0, 0), WHITE, (127, 127, 127), (64, 64, 64)),
    ),
    "MPO": Case(animation("MPO"), "MPO"),
    "MPO turned": Case(
        encoded(turned(3), "MPO", save_all=True, append_images=[picture()], exif=orientation(3), quality=95), "MPO"
    ),
    "PPM": Case(encoded(picture(), "PPM"), "PPM"),
    "PBM": Case(
        encoded(picture((0, 255, 0, 0), "L").convert("1"), "PPM"),
        "PPM",
        quarters=((0, 0, 0), WHITE, (0, 0, 0), (0, 0, 0)),
    ),
    "PGM 16-bit": Case(b"P5 48 32 65535\n" + greys(65535).astype(">u2").tobytes(), "PPM", quarters=grey_quarters()),
    "PGM 16-bit, dark": Case(b"P5 48 32 65535\n" + greys().astype(">u2").tobytes(), "PPM", quarters=((0, 0, 0),) * 4),
    "PFM": Case(encoded(Image.fromarray(greys(1).astype("f4")), "PPM"), "PPM", quarters=grey_quarters()),
    "ICO": Case(encoded(see_through(), "ICO", sizes=[(24, 16), SIZE]), "ICO", quarters=SEEN_THROUGH),
    "ICO of BMP": Case(encoded(see_through(), "ICO", sizes=[SIZE], bitmap_format="bmp"), "ICO", quarters=SEEN_THROUGH),
    "JPEG 2000": Case(encoded(picture(), "JPEG2000"), "JPEG2000"),
    "AVIF": Case(encoded(picture(), "AVIF", quality=95), "AVIF"),
}

CASES = {**KEPT, **RE_ENCODED, **REFUSED}
