"""The words of the scenes dataset: what a scene may hold, and how people word it.

Keys are the values that a scene graph uses, rows are their wordings; the first wording is the usual one, the
others are rarer. Of a thing, a word says one attribute, and no two words of a row differ in meaning.
"""

NOUNS = {
    "circle": (("circle", "circles"), ("disc", "discs")),
    "square": (("square", "squares"), ("box", "boxes")),
    "triangle": (("triangle", "triangles"),),
    "star": (("star", "stars"),),
    "cross": (("cross", "crosses"),),
    "ring": (("ring", "rings"), ("hoop", "hoops")),
    "heart": (("heart", "hearts"),),
    "moon": (("moon", "moons"), ("crescent", "crescents")),
}
SHAPES = tuple(NOUNS)
ANY_SHAPE = (("shape", "shapes"), ("object", "objects"), ("thing", "things"))

COLOURS = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
    "black": ("black",),
    "white": ("white",),
}
SIZES = {
    "small": ("small", "tiny", "little"),
    "large": ("large", "big"),
    "huge": ("huge", "giant", "enormous"),
}
TEXTURES = {
    "plain": ("plain", "solid"),
    "striped": ("striped",),
    "dotted": ("dotted", "spotted"),
    "checked": ("checked", "checkered"),
}
TEXTURE_NOUNS = {"striped": ("stripes",), "dotted": ("dots", "spots"), "checked": ("checks",)}
ADJECTIVES = {"size": SIZES, "texture": TEXTURES, "colour": COLOURS}  # in the order in which they stand
COUNTS = {1: ("one", "a single"), 2: ("two", "a pair of"), 3: ("three",), 4: ("four",)}

RELATIONS = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under", "beneath"),
    "on": ("on", "on top of"),
    "inside": ("inside", "within"),
    "next to": ("next to", "beside"),
    "in front of": ("in front of",),
    "behind": ("behind",),
}
VERBS = {"is": "are", "sits": "sit"}  # of one: of many

PLACES = {  # backgrounds, said after the things
    "plain": ("on a plain background", "against a plain wall"),
    "gradient": ("on a gradient background", "on a shaded background"),
    "grass": ("on the grass", "in a meadow"),
    "sand": ("on the sand", "at the beach"),
    "sky": ("in the sky", "among the clouds"),
    "clutter": ("on a cluttered background", "on a messy background"),
}
VIEWS = {  # backgrounds, said before the things
    "plain": ("a plain background",),
    "gradient": ("a gradient background", "a shaded background"),
    "grass": ("a meadow", "a grassy field"),
    "sand": ("a sandy beach",),
    "sky": ("a cloudy sky", "a bright sky"),
    "clutter": ("a cluttered background", "a messy background"),
}
BACKGROUNDS = tuple(PLACES)
OPENINGS = ("a picture of", "a drawing of", "an image with", "this image shows", "we see")
