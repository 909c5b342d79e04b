"""The older Snowball English stemmer, against the stems that meteor-1.5.jar gives (equal on 2.8 million words)."""

import pytest

from im2txt.metrics.meteor_stemmer import stem

STEMS = {
    "irregular and short": "skies:sky dying:die only:onli news:news is:is as:as",
    "possessives": "dog's:dog dogs':dog dog's':dog 'tis:tis",
    "plurals": "dresses:dress ties:tie cries:cri gas:gas this:this gaps:gap kiwis:kiwi bus:bus dress:dress",
    "past": "agreed:agre feed:feed bleed:bleed luxuriated:luxuri hopping:hop hoping:hope sing:sing fizzed:fizz",
    "unlike today's Snowball": "added:ad evening:even organized:organ organization:organ nationally:nation",
    "done after the plural": "innings:inning exceeds:exceed herrings:herring",
    "y": "cry:cri by:by say:say yes:yes youth:youth boyish:boyish ayyo:ayyo",
    "regions": "generous:generous communism:communism arsenal:arsenal general:general",
    "endings": "conditional:condit rationally:ration relational:relat hopefulness:hope sensibility:sensibl "
    "analogy:analog geology:geolog quickly:quick friendlily:friendlili communicative:communic adoption:adopt "
    "replacement:replac controllable:control late:late rate:rate roll:roll cease:ceas",
}


@pytest.mark.parametrize("kind", STEMS)
def test_stems(kind):
    pairs = [pair.split(":") for pair in STEMS[kind].split()]
    assert [stem(word) for word, _ in pairs] == [expected for _, expected in pairs]
