"""The table of objectives: what is better, one line each, with the paper."""

from collections.abc import Callable
from typing import NamedTuple

from im2txt.errors import UserError, did_you_mean
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, Loss

Objective = Callable[..., Loss]
ObjectiveConfig = CrossEntropyConfig


class ObjectiveEntry(NamedTuple):
    """One line of OBJECTIVES: its configuration, and what builds it of one."""

    config: type
    build: Callable[..., Objective]


OBJECTIVES: dict[str, ObjectiveEntry] = {
    "cross_entropy": ObjectiveEntry(CrossEntropyConfig, CrossEntropy),  # Vinyals et al. 2015; Xu et al. 2015
}


def build_objective(config: ObjectiveConfig) -> Objective:
    """Builds the objective that `config.name` names. Raises UserError where there is no such one."""
    if config.name not in OBJECTIVES:
        raise UserError(f"objective.name `{config.name}` is unknown. {did_you_mean(config.name, OBJECTIVES)}")
    return OBJECTIVES[config.name].build(config)
