from .atomic_checkpoint_hook import AtomicCheckpointHook
from .depth_data_hook import DepthDataHook
from .divergence_hook import DivergenceHook
from .early_stopping_hook import EarlyStoppingHook
from .encoder_hook import EncoderHook
from .epoch_gradients_hook import EpochGradientsHook
from .epoch_seed_hook import EpochSeedHook
from .error_accumulation_hook import ErrorAccumulationHook
from .history_hook import HistoryHook, MissedValidationHook
from .premise_hook import PremiseHook
from .reconstruction_hook import ReconstructionHook
from .run_record_hook import RunRecordHook
from .termination_hook import TerminationHook
from .tile_visualization_hook import TileVisualizationHook
from .training_set_metric_hook import TrainingSetMetricHook
from .work_dir_hook import WorkDirHook

__all__ = [
    "AtomicCheckpointHook",
    "DepthDataHook",
    "DivergenceHook",
    "EarlyStoppingHook",
    "EncoderHook",
    "EpochGradientsHook",
    "EpochSeedHook",
    "ErrorAccumulationHook",
    "HistoryHook",
    "MissedValidationHook",
    "PremiseHook",
    "ReconstructionHook",
    "RunRecordHook",
    "TerminationHook",
    "TileVisualizationHook",
    "TrainingSetMetricHook",
    "WorkDirHook",
]
