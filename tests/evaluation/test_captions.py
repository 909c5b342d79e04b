"""Captions that a model finds for a split, where words are made of pieces."""

import numpy as np
import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.evaluation.captions import CaptionFinder
from im2txt.text.vocabulary import BYTE_WORDS, SPECIAL_WORDS, Vocabulary
from im2txt.text.whole_words import whole_words
from tests.helpers import small_captioner

WORDS = (*SPECIAL_WORDS, "play", "dog", *(f"##{letter}" for letter in "abcdefgh"), *BYTE_WORDS[28:36])
VOCABULARY = Vocabulary(WORDS, (0,) * len(WORDS))


def test_pieces_become_words_with_the_mean_of_their_maps():
    captioner = small_captioner("soft_attention", len(VOCABULARY))
    decoding = DecodingConfig(beam_size=3, max_length=9)
    images = tf.random.stateless_uniform([4, 48, 48, 3], (1, 2), -1, 1)
    batches = [{"image": images, "index": tf.constant([0, 1, 2, -1])}]
    captions = dict(CaptionFinder(captioner, VOCABULARY, decoding)(batches))
    assert list(captions) == [0, 1, 2]
    state = captioner.decoder.start(captioner.encode(images))
    expected = beam_search(captioner.decoder.step, state, decoding, 4)
    joined = 0
    for image in captions:
        for beam, caption in enumerate(captions[image]):
            pieces = VOCABULARY.pieces_of(expected.tokens[image, beam].numpy())
            words = whole_words(pieces)
            assert caption.text == VOCABULARY.decode(expected.tokens[image, beam].numpy())
            assert list(caption.words) == [word.text for word in words]
            if beam:
                assert caption.attention is None
                continue
            means = [expected.attention[image, beam].numpy()[word.places].mean(axis=0) for word in words]
            np.testing.assert_allclose(caption.attention, means, atol=1e-6)
            joined += len(words) < len([piece for piece in pieces if piece.strip()])
    assert joined  # the maps of several pieces became one
