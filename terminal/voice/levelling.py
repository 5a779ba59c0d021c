"""Every recording alike: mono at the speaker's rate, nothing before or behind the words, equally loud."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drivers.speaker import RATE_HZ
from terminal.voice.synthesis import Samples

EDGE_MS = 30
QUIET = 10 ** (-45 / 20)  # of full scale: below it nothing is said
PEAK = 10 ** (-1 / 20)
LOUDNESS = 10 ** (-18 / 20)  # root mean square of what is said


def levelled(samples: Samples, rate: int) -> npt.NDArray[np.int16]:
    """16 bit at RATE_HZ. Raises ValueError for a sound without a sound."""
    sound = _resampled(samples, rate)
    loud = np.flatnonzero(np.abs(sound) > QUIET * np.abs(sound).max(initial=0.0))
    if len(loud) == 0:
        raise ValueError("nothing is said in it")
    edge = RATE_HZ * EDGE_MS // 1000
    sound = sound[max(0, loud[0] - edge) : loud[-1] + edge]
    said = sound[np.abs(sound) > QUIET * np.abs(sound).max()]
    gain = min(LOUDNESS / np.sqrt(np.mean(said**2)), PEAK / np.abs(sound).max())
    return np.asarray(np.round(sound * gain * 32767), np.int16)


def _resampled(samples: Samples, rate: int) -> Samples:
    """By cutting its spectrum where the slower rate can carry no more."""
    count = round(len(samples) * RATE_HZ / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.fft.irfft(spectrum, count) * (count / len(samples))
