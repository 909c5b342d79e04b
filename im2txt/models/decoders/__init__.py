"""The table of decoders: one line each, with the paper."""

from typing import NamedTuple

from im2txt.errors import UserError, did_you_mean
from im2txt.models.decoders.base import Decoder
from im2txt.models.decoders.hard_attention import HardAttentionConfig, HardAttentionDecoder
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.decoders.transformer import TransformerConfig, TransformerDecoder

DecoderConfig = LSTMConfig | SoftAttentionConfig | HardAttentionConfig | TransformerConfig


class DecoderEntry(NamedTuple):
    """One line of DECODERS: its configuration and its layer."""

    config: type
    layer: type[Decoder]


DECODERS: dict[str, DecoderEntry] = {
    "lstm": DecoderEntry(LSTMConfig, LSTMDecoder),  # Vinyals et al. 2015, Show and Tell
    "soft_attention": DecoderEntry(SoftAttentionConfig, SoftAttentionDecoder),  # Xu et al. 2015
    "hard_attention": DecoderEntry(HardAttentionConfig, HardAttentionDecoder),  # Xu et al. 2015, section 4.1
    "transformer": DecoderEntry(TransformerConfig, TransformerDecoder),  # Vaswani et al. 2017
}


def build_decoder(config: DecoderConfig, vocab_size: int) -> Decoder:
    """Builds the decoder that `config.name` names.

    Raises:
        UserError: no such decoder, or a configuration that belongs to another one.
    """
    if config.name not in DECODERS:
        raise UserError(f"decoder.name `{config.name}` is unknown. {did_you_mean(config.name, DECODERS)}")
    entry = DECODERS[config.name]
    if type(config) is not entry.config:
        raise UserError(f"decoder.name `{config.name}` needs a {entry.config.__name__}, not {type(config).__name__}.")
    return entry.layer(config, vocab_size)
