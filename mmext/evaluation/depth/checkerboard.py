"""The pattern of squares that transposed convolutions leave in a map."""

import math

import numpy as np

# Periods in pixels of the network's own output: one for each time it doubles its maps.
_PERIODS = (2, 4, 8)
# Frequencies that a pattern's is compared with, so many steps to either side.
_BESIDE = range(2, 7)
# Of less, the spectrum is that of rounding.
_FLAT = 1e-5


def checkerboard(depth: np.ndarray, network_size: tuple[int, int]) -> float:
    """How far the frequencies of a decoder's squares stand out of a map's spectrum.

    Where a transposed convolution weighs its inputs unevenly, maps repeat themselves
    every 2, 4, 8 pixels (Odena et al. 2016). The power of log depth at these
    periods, along rows and columns, is divided by the median power at frequencies
    beside it; the logarithms of these ratios are averaged.

    Args:
        depth: (H, W) metres, > 0, as predicted or enlarged from that.
        network_size: Height and width at which the network predicts.

    Returns:
        The ratio: about 1 without a pattern; NaN if the map is flat or too small.
    """
    log = np.log(depth.astype(np.float64))
    if np.ptp(log) < _FLAT:
        return math.nan
    ratios = [
        ratio
        for values, length in ((log, network_size[1]), (log.T, network_size[0]))
        for ratio in _ratios(values, length)
    ]
    return math.exp(float(np.mean(np.log(ratios)))) if ratios else math.nan


def _ratios(values: np.ndarray, length: int) -> list[float]:
    """Along the rows, which are ``length`` pixels long for the network."""
    # A window: the rows' ends don't meet, and their jump would be in every frequency.
    rows = (values - values.mean(axis=1, keepdims=True)) * np.hanning(values.shape[1])
    power = (np.abs(np.fft.rfft(rows, axis=1)) ** 2).mean(axis=0)
    ratios = []
    for period in _PERIODS:
        at = round(length / period)
        beside = [at + sign * step for step in _BESIDE for sign in (-1, 1)]
        beside = [k for k in beside if 0 < k < len(power)]
        if at < len(power) and len(beside) >= len(_BESIDE):
            typical = float(np.median(power[beside]))
            if typical > 0:
                ratios.append(float(power[at]) / typical)
    return [ratio for ratio in ratios if ratio > 0]
