"""The table of objectives: what is better, one line each, with the paper."""

from collections.abc import Callable

from im2txt.errors import UserError, did_you_mean
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, Loss

OBJECTIVES: dict[str, type] = {
    "cross_entropy": CrossEntropy,  # Vinyals et al. 2015; Xu et al. 2015
}

ObjectiveConfig = CrossEntropyConfig
Objective = Callable[..., Loss]


def build_objective(config: ObjectiveConfig) -> Objective:
    """Builds the objective that `config.name` names. Raises UserError where there is no such one."""
    if config.name not in OBJECTIVES:
        raise UserError(f"objective.name `{config.name}` is unknown. {did_you_mean(config.name, OBJECTIVES)}")
    return OBJECTIVES[config.name](config)
