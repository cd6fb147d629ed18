"""The takes that noise is measured on, and those that the limits are tried on: never the same ones.

The limits of ``reports/data/repeat_noise.toml`` come from `TUNING`, the samples and generated
answers. `HELD_OUT` names real clips that
no limit was ever looked at with: ``tests/app/test_compare_real.py`` tries the limits on them.
"""

from __future__ import annotations

from pathlib import Path

TUNING: tuple[tuple[str, str], ...] = (
    ("speech/mfa/acoustic_corpus.wav", "en"),
    ("video/d04_autoeditor_noface.mp4", "en"),
    ("video/dc5_japanese.mp4", "ja"),
    ("video/d02_latentsync_sofa.mp4", "en"),
    ("speech/mfa/mfa_cutoff.flac", "en"),
    ("speech/mfa/mfa_breaths.flac", "en"),
    ("speech/mfa/japanese_slow.wav", "ja"),
    ("speech/mfa/mfa_um.flac", "en"),
)
"""file beside the checkout and its language; those with little speech or much noise tell where the
limits of comparing lie (`LEAST_TALK_S`, `LEAST_SNR_DB`), and levels only"""
HELD_OUT: tuple[tuple[str, str], ...] = (
    ("video/d01_remotion_hoodie.mp4", "en"),
    ("video/d03_wda_katiehill.mp4", "en"),
    ("video/d08_russian_vlog.mp4", "auto"),
    ("video/d10_grid_bbaf2n.mpg", "en"),
    ("video/d10_grid_lbax4n.mpg", "en"),
    ("speech/misc/jfk.flac", "en"),
    ("speech/mfa/61-70968-0000.flac", "en"),
    ("speech/mfa/common_voice_ja_24511055.mp3", "ja"),
    ("speech/mfa/mfa_crossword.flac", "en"),
    ("speech/mfa/mfa_long.flac", "en"),
    ("speech/mfa/mfa_internalsil.flac", "en"),
    ("speech/mfa/mfa_uhum.flac", "en"),
    ("speech/mfa/japanese_fast.wav", "ja"),
)
"""other files; the man of the mfa recordings speaks in both lists"""


def real_takes(media: Path) -> list[tuple[str, str, Path]]:
    """Return (name, language, file) of the real recordings of the tuning set that are at hand."""
    paths = [(media / place, language) for place, language in TUNING]
    return [(path.stem, language, path) for path, language in paths if path.is_file()]
