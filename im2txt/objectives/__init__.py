"""The table of objectives: what is better, one line each, with the paper."""

from typing import NamedTuple

from im2txt.errors import UserError, did_you_mean
from im2txt.objectives.base import Objective, Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.objectives.r_drop import RDrop, RDropConfig
from im2txt.objectives.scheduled_sampling import ScheduledSampling, ScheduledSamplingConfig
from im2txt.objectives.self_critical import SelfCritical, SelfCriticalConfig
from im2txt.objectives.variational_bound import VariationalBound, VariationalBoundConfig

ObjectiveConfig = (
    CrossEntropyConfig | RDropConfig | ScheduledSamplingConfig | SelfCriticalConfig | VariationalBoundConfig
)


class ObjectiveEntry(NamedTuple):
    """One line of OBJECTIVES: its configuration, and the class that is built of one and of a `Task`."""

    config: type
    objective: type[Objective]


OBJECTIVES: dict[str, ObjectiveEntry] = {
    "cross_entropy": ObjectiveEntry(CrossEntropyConfig, CrossEntropy),  # Vinyals et al. 2015; Xu et al. 2015
    "r_drop": ObjectiveEntry(RDropConfig, RDrop),  # Liang et al. 2021
    "scheduled_sampling": ObjectiveEntry(ScheduledSamplingConfig, ScheduledSampling),  # Bengio et al. 2015
    "self_critical": ObjectiveEntry(SelfCriticalConfig, SelfCritical),  # Rennie et al. 2017
    "variational_bound": ObjectiveEntry(VariationalBoundConfig, VariationalBound),  # Xu et al. 2015, section 4.1
}


def build_objective(config: ObjectiveConfig, task: Task) -> Objective:
    """Builds the objective that `config.name` names.

    Raises:
        UserError: no such objective, or a configuration that belongs to another one.
    """
    if config.name not in OBJECTIVES:
        raise UserError(f"objective.name `{config.name}` is unknown. {did_you_mean(config.name, OBJECTIVES)}")
    entry = OBJECTIVES[config.name]
    if type(config) is not entry.config:
        raise UserError(f"objective.name `{config.name}` needs a {entry.config.__name__}, not {type(config).__name__}.")
    return entry.objective(config, task)
