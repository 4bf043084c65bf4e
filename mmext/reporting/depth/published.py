"""The published ablation (Jang et al., Table 1) and what its columns are called."""

#: Config name → what the paper calls it, in the order of its figures.
CONFIGURATIONS = {
    "all": "all losses",
    "no_silog": "no SILog",
    "no_smooth": "no smooth",
    "no_consistency": "no consistency",
    "no_smooth_no_consistency": "no smooth, no consistency",
}
#: Config name → score → value as printed. The paper states neither its data, nor
#: RMSE's unit, cap, alignment or averaging.
TABLE_1 = {
    "all": {"abs_rel": 0.0809, "rmse": 0.1720},
    "no_silog": {"abs_rel": 0.0820, "rmse": 0.1732},
    "no_smooth": {"abs_rel": 0.0794, "rmse": 0.1700},
    "no_consistency": {"abs_rel": 0.0816, "rmse": 0.2114},
    "no_smooth_no_consistency": {"abs_rel": 0.0895, "rmse": 0.2328},
}


def published_change(name: str, score: str) -> float:
    """Published relative change of a score against all losses, e.g. 0.229.

    Args:
        name: A config of :data:`TABLE_1`.
        score: ``abs_rel`` or ``rmse``.
    """
    return TABLE_1[name][score] / TABLE_1["all"][score] - 1
