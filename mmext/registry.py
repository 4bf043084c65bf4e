"""Registries of mmext.

Each is a child of mmseg's registry of the same name, so a config with
``default_scope = 'mmext'`` finds our components first, then mmseg's, then
mmengine's. ``locations`` are imported the first time a registry is asked for a
name it does not know.
"""

import importlib
import os

import mmengine.registry as mmengine_registry
import mmseg.registry as mmseg_registry
from mmengine.registry import Registry

import mmext.quiet_mmseg  # noqa: F401  before anything else imports mmseg.datasets
from mmext.errors import UserError, one_line

#: Names the modules of one's own components, separated by commas. What a training left
#: can't have modules imported by naming them.
IMPORTS = "MMEXT_IMPORTS"


def import_own_components() -> None:
    """Import the modules that :data:`IMPORTS` names.

    Raises:
        UserError: One can't be imported.
    """
    for module in filter(None, os.environ.get(IMPORTS, "").split(",")):
        try:
            importlib.import_module(module)
        except Exception as error:
            raise UserError(
                f"{IMPORTS}: {module} can't be imported ({one_line(error)})"
            ) from None


def _child(parent: Registry, *locations: str) -> Registry:
    return Registry(
        parent.name, parent=parent, scope="mmext", locations=list(locations)
    )


MODELS = _child(mmseg_registry.MODELS, "mmext.models")
DATASETS = _child(mmseg_registry.DATASETS, "mmext.datasets")
TRANSFORMS = _child(mmseg_registry.TRANSFORMS, "mmext.datasets")
DATA_SAMPLERS = _child(mmseg_registry.DATA_SAMPLERS, "mmext.datasets")
FUNCTIONS = _child(mmengine_registry.FUNCTIONS, "mmext.datasets")
HOOKS = _child(mmseg_registry.HOOKS, "mmext.engine.hooks")
LOG_PROCESSORS = _child(
    mmseg_registry.LOG_PROCESSORS, "mmext.engine.readable_log_processor"
)
METRICS = _child(mmseg_registry.METRICS, "mmext.evaluation")
OPTIM_WRAPPERS = _child(mmseg_registry.OPTIM_WRAPPERS, "mmext.engine.amp_optim_wrapper")
TASK_UTILS = _child(mmseg_registry.TASK_UTILS, "mmext.datasets")
VISBACKENDS = _child(mmseg_registry.VISBACKENDS, "mmext.engine.mlflow_vis_backend")
WEIGHT_INITIALIZERS = _child(mmseg_registry.WEIGHT_INITIALIZERS, "mmext.models")

# Nothing of ours is in these; without a child of our scope the Runner would warn
# each time that it looks something up in them.
EVALUATOR = _child(mmseg_registry.EVALUATOR)
LOOPS = _child(mmseg_registry.LOOPS)
MODEL_WRAPPERS = _child(mmseg_registry.MODEL_WRAPPERS)
OPTIMIZERS = _child(mmseg_registry.OPTIMIZERS)
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmseg_registry.OPTIM_WRAPPER_CONSTRUCTORS)
PARAM_SCHEDULERS = _child(mmseg_registry.PARAM_SCHEDULERS)
RUNNERS = _child(mmseg_registry.RUNNERS)
# A child looks its parent's components up, but doesn't import them.
VISUALIZERS = _child(mmseg_registry.VISUALIZERS, "mmseg.visualization")
