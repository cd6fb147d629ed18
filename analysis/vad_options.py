"""The two passes of voice activity, with every threshold from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.foreground import ForegroundOptions, IslandOptions
from analysis.settings import Settings, read_settings
from analysis.telephone import TelephoneOptions
from analysis.vad_edges import EdgeOptions


@dataclass(frozen=True, slots=True)
class Amplification:
    """How soft sound is made loud before it is heard.

    Silero hears less the softer a noisy recording is (a noisy clip 12 dB down: 0.7 s of its 19 s
    of speech). So what its loudest two seconds exceed is brought to one level.
    """

    full_level_dbfs: float
    """the level"""
    most_gain_db: float
    """no more gain than this"""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """How long silences are heard once more, with a fresh memory."""

    from_s: float
    """silences from this length"""
    threshold: float
    """speech probability that opens a segment there"""
    min_speech_ms: int
    """shorter bursts are not speech there"""


@dataclass(frozen=True, slots=True)
class VadOptions:
    """Settings of a pass."""

    threshold: float
    """speech probability that opens a segment"""
    min_silence_ms: int
    """a shorter silence does not close one"""
    pad_ms: int
    """added at both ends"""
    min_speech_ms: int
    """shorter bursts (clicks, a mouse) are not speech"""
    second: SecondLook
    telephone: TelephoneOptions
    amplification: Amplification | None = None
    """None = heard as it is"""
    foreground: ForegroundOptions | None = None
    """None = everybody is heard, edges are as the network puts them"""
    islands: IslandOptions | None = None
    """None = loud sounds between stretches of speech are not heard again"""
    edges: EdgeOptions | None = None
    """None = edges as the network puts them"""


def measuring_options(settings: Settings) -> VadOptions:
    """Return the pass that times speech and pauses, with a user's thresholds."""
    return VadOptions(
        threshold=settings["vad.threshold"],
        min_silence_ms=round(settings["vad.min_silence_ms"]),
        pad_ms=0,
        min_speech_ms=round(settings["vad.min_speech_ms"]),
        second=_second_look(settings),
        telephone=_telephone(settings),
        amplification=Amplification(
            full_level_dbfs=settings["vad.full_level_dbfs"],
            most_gain_db=settings["vad.most_gain_db"],
        ),
        foreground=ForegroundOptions(
            least_distance_db=settings["vad.gate_least_distance_db"],
            most_dip_db=settings["vad.gate_most_dip_db"],
            least_talk_ratio=settings["vad.gate_least_talk_ratio"],
            margin_db=settings["vad.gate_margin_db"],
            split_s=settings["vad.gate_split_s"],
            pad_s=settings["vad.gate_pad_s"],
        ),
        edges=EdgeOptions(
            outward_snr_db=settings["vad.edge_outward_snr_db"],
            inward_snr_db=settings["vad.edge_inward_snr_db"],
            above_background_db=settings["vad.edge_above_background_db"],
            below_voice_db=settings["vad.edge_below_voice_db"],
            reach_s=settings["vad.edge_reach_s"],
            hold_db=settings["vad.edge_hold_db"],
            hold_s=settings["vad.edge_hold_s"],
            hole_s=settings["vad.edge_hole_s"],
            tail_s=settings["vad.edge_tail_s"],
        ),
        islands=IslandOptions(
            below_voice_db=settings["vad.island_below_voice_db"],
            least_snr_db=settings["vad.island_least_snr_db"],
            shortest_s=settings["vad.island_shortest_s"],
            longest_s=settings["vad.island_longest_s"],
            threshold=settings["vad.island_threshold"],
        ),
    )


def lenient_options(settings: Settings) -> VadOptions:
    """Return the pass that feeds the recogniser, with a user's thresholds."""
    return VadOptions(
        threshold=settings["vad.lenient_threshold"],
        min_silence_ms=round(settings["vad.lenient_min_silence_ms"]),
        pad_ms=round(settings["vad.lenient_pad_ms"]),
        min_speech_ms=0,
        second=_second_look(settings),
        telephone=_telephone(settings),
    )


def _second_look(settings: Settings) -> SecondLook:
    return SecondLook(
        from_s=settings["vad.second_from_s"],
        threshold=settings["vad.second_threshold"],
        min_speech_ms=round(settings["vad.second_min_speech_ms"]),
    )


def _telephone(settings: Settings) -> TelephoneOptions:
    return TelephoneOptions(
        low_below_db=settings["vad.telephone_low_db"],
        high_below_db=settings["vad.telephone_high_db"],
    )


MEASURING = measuring_options(read_settings())
"""The measuring pass with our thresholds."""

LENIENT = lenient_options(read_settings())
"""The lenient pass with our thresholds."""
