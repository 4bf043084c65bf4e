"""Registries of mmext.

Each is a child of mmseg's registry of the same name, so a config with
``default_scope = 'mmext'`` finds our components first, then mmseg's, then
mmengine's. Registering happens on import; ``locations`` are imported the first
time a registry is asked for a name it does not know.
"""

from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import Registry
from mmseg.registry import DATA_SAMPLERS as MMSEG_DATA_SAMPLERS
from mmseg.registry import DATASETS as MMSEG_DATASETS
from mmseg.registry import HOOKS as MMSEG_HOOKS
from mmseg.registry import METRICS as MMSEG_METRICS
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.registry import TRANSFORMS as MMSEG_TRANSFORMS
from mmseg.registry import VISUALIZERS as MMSEG_VISUALIZERS

MODELS = Registry(
    "model", parent=MMSEG_MODELS, scope="mmext", locations=["mmext.models"]
)
DATASETS = Registry(
    "dataset", parent=MMSEG_DATASETS, scope="mmext", locations=["mmext.datasets"]
)
TRANSFORMS = Registry(
    "transform",
    parent=MMSEG_TRANSFORMS,
    scope="mmext",
    locations=["mmext.datasets.transforms"],
)
DATA_SAMPLERS = Registry(
    "data sampler",
    parent=MMSEG_DATA_SAMPLERS,
    scope="mmext",
    locations=["mmext.datasets.samplers"],
)
HOOKS = Registry(
    "hook", parent=MMSEG_HOOKS, scope="mmext", locations=["mmext.engine.hooks"]
)
METRICS = Registry(
    "metric", parent=MMSEG_METRICS, scope="mmext", locations=["mmext.evaluation"]
)
VISUALIZERS = Registry(
    "visualizer",
    parent=MMSEG_VISUALIZERS,
    scope="mmext",
    locations=["mmext.visualization"],
)
FUNCTIONS = Registry(
    "function",
    parent=MMENGINE_FUNCTIONS,
    scope="mmext",
    locations=["mmext.datasets"],
)
