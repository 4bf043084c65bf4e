from .bank_file import load_bank, read_bank_meta, save_bank
from .error_bank import ErrorBank
from .same_store import refuse_other_store
from .tile_samples import TileSamples

__all__ = [
    "ErrorBank",
    "TileSamples",
    "load_bank",
    "read_bank_meta",
    "refuse_other_store",
    "save_bank",
]
