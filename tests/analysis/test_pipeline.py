"""From a file to an analysis, through real workers: both halves, one half, stops and crashes."""

import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import pytest

from analysis import worker
from analysis.errors import (
    AnalysisCancelled,
    AnalysisError,
    AnalysisFailed,
    MediaUnreadable,
    ModelMissing,
)
from analysis.models import PACKAGED
from analysis.pipeline import AnalysisOptions, analyse_media, library_versions
from analysis.storage import from_json, summary, to_json

ROOT = Path(__file__).parents[2]
TAKE = ROOT / "sample_media" / "english_take.mp4"
TRUTH = json.loads((ROOT / "sample_media" / "english_take.expected.json").read_text("utf-8"))
CUT_S = 25.0
EDGE_TOLERANCE_S = 0.3
STOP_WITHIN_S = 2.0


def cut(source, target, until_s, *, audio=True, video=True):
    """Encode the first seconds of a take anew, picture at half size."""
    with av.open(str(source)) as read, av.open(str(target), "w") as out:
        sound = picture = None
        if audio:
            rate = read.streams.audio[0].rate
            sound = out.add_stream("aac", rate=rate, layout="mono")
        if video:
            picture = out.add_stream("libx264", rate=15, options={"preset": "ultrafast"})
            picture.width, picture.height, picture.pix_fmt = 640, 360, "yuv420p"
            picture.time_base = picture.codec_context.time_base = Fraction(1, 90_000)
        wanted = [s for s in read.streams if s.type in ("audio", "video")]
        for frame in read.decode(wanted):
            if frame.time >= until_s:
                if isinstance(frame, av.VideoFrame):
                    break
                continue
            if isinstance(frame, av.AudioFrame):
                if sound:
                    out.mux(sound.encode(frame))
            elif picture:
                small = frame.reformat(width=640, height=360, format="yuv420p")
                small.pts, small.time_base = round(frame.time * 90_000), Fraction(1, 90_000)
                small.pict_type = 0
                out.mux(picture.encode(small))
        for stream in (sound, picture):
            if stream:
                out.mux(stream.encode(None))
    return target


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {
        "both": cut(TAKE, folder / "両方 both.mp4", CUT_S),
        "sound": cut(TAKE, folder / "sound.m4a", CUT_S, video=False),
        "picture": cut(TAKE, folder / "picture.mp4", CUT_S, audio=False),
        "short": cut(TAKE, folder / "short.mp4", 6.0),
    }


@pytest.fixture(scope="module")
def analysed(clips, packaged_models):
    """Analyse each clip once; returns the analysis and its progress calls."""
    known = {}

    def analysed(kind):
        if kind not in known:
            seen = []
            options = AnalysisOptions(language="en", model=str(packaged_models / "base"))
            analysis = analyse_media(
                clips[kind], options=options, progress=lambda *call: seen.append(call)
            )
            known[kind] = analysis, seen
        return known[kind]

    return analysed


@pytest.fixture
def scratch_home(tmp_path, monkeypatch):
    """The folder in which the pipeline makes its scratch folders."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def children():
    """Process ids of our child processes, zombies included."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[1]) == os.getpid():
            found.add(int(entry.name))
    return found


def codes(analysis):
    return [c.code for c in analysis.warnings]


FAST = AnalysisOptions(language="en", model="tiny.en", beam_size=1)


class TestEndToEnd:
    def test_both(self, analysed):
        analysis, _ = analysed("both")
        assert analysis.take_id == "両方 both"
        self.assert_sound(analysis)
        self.assert_picture(analysis)
        assert "no-video" not in codes(analysis)

    def test_sound_only(self, analysed):
        analysis, _ = analysed("sound")
        self.assert_sound(analysis)
        assert analysis.gaze is None
        assert analysis.posture is None
        assert "no-video" in codes(analysis)

    def test_picture_only(self, analysed):
        analysis, seen = analysed("picture")
        self.assert_picture(analysis)
        assert analysis.speech is None
        assert analysis.transcript is None
        assert analysis.fillers is None
        assert analysis.voice is None
        assert "no-audio" in codes(analysis)
        assert analysis.provenance.models == {}
        assert {stage for stage, _ in seen} == {"picture"}

    def assert_sound(self, analysis):
        speech = analysis.speech
        assert speech.latency_s == pytest.approx(TRUTH["answer"]["start"], abs=EDGE_TOLERANCE_S)
        said = [p for p in TRUTH["parts"] if p["end"] < CUT_S - 2 and p["kind"] != "hesitation"]
        assert speech.word_count == pytest.approx(sum(p["word_count"] for p in said), abs=6)
        assert "checkout" in analysis.transcript.text.replace(" ", "")
        true = [h["start"] for h in TRUTH["hesitations"] if h["end"] < CUT_S]
        found = [h.start for h in analysis.hesitations]
        assert found == pytest.approx(true, abs=1.0)
        assert [f.text for f in analysis.lexical_fillers] == ["basically"]
        assert analysis.voice.level_dbfs == pytest.approx(TRUTH["speech_level_dbfs"], abs=3.0)
        assert analysis.voice.snr_db > 25
        assert analysis.media.audio_codec == "aac"

    def assert_picture(self, analysis):
        gaze = analysis.gaze
        assert gaze.coverage_ratio > 0.95
        (true,) = [a for a in TRUTH["away"] if a["end"] < CUT_S]
        (away,) = [a for a in gaze.away if a.duration_s > 1]
        assert (away.start, away.end) == pytest.approx((true["start"], true["end"]), abs=0.6)
        assert analysis.posture.coverage_ratio > 0.9
        assert analysis.posture.slouch == ()
        assert analysis.media.frame_size_px == (640, 360)

    @pytest.mark.parametrize("kind", ["both", "sound", "picture"])
    def test_it_can_be_written_and_read(self, analysed, kind):
        analysis, _ = analysed(kind)
        again = from_json(to_json(analysis))
        assert summary(again) == summary(analysis)
        assert to_json(again) == to_json(analysis)

    @pytest.mark.parametrize("kind", ["both", "sound"])
    def test_progress_never_falls_and_arrives(self, analysed, kind):
        _, seen = analysed(kind)
        assert {stage for stage, _ in seen} == {"sound", "picture"} - (
            {"picture"} if kind == "sound" else set()
        )
        for stage in {stage for stage, _ in seen}:
            shares = [share for s, share in seen if s == stage]
            assert shares == sorted(shares)
            assert all(0 <= share <= 1 for share in shares)
            assert shares[-1] == 1.0
            assert len(shares) > 3

    def test_provenance(self, analysed):
        provenance = analysed("both")[0].provenance
        assert provenance.models == {"whisper base": PACKAGED["base"].sha256}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance.created)
        assert provenance.libraries == library_versions()
        assert "not installed" not in provenance.libraries.values()
        assert provenance.version not in ("", "not installed")
        assert provenance.options["language"] == "en"
        assert provenance.options["speech.pauses.silence_limit_s"] == 30.0
        assert provenance.options["beam_size"] == 5

    def test_the_picture_can_be_left_out(self, clips, packaged_models, scratch_home):
        options = AnalysisOptions(language="en", model="tiny.en", video=False, beam_size=1)
        analysis = analyse_media(clips["short"], options=options, take_id="mine")
        assert analysis.take_id == "mine"
        assert analysis.gaze is None
        assert "picture-left-out" in codes(analysis)
        assert analysis.transcript.model == "tiny.en"
        assert list(scratch_home.iterdir()) == []

    def test_own_list_of_fillers(self, clips, packaged_models, home):
        (home / "fillers.toml").write_text("[en", encoding="utf-8")
        with pytest.raises(AnalysisError, match=r"fillers\.toml has a mistake"):
            analyse_media(clips["short"], options=FAST)


class TestRefused:
    def test_what_can_not_be_read(self, tmp_path, scratch_home):
        (tmp_path / "a.mp4").write_text("no film")
        with pytest.raises(MediaUnreadable):
            analyse_media(tmp_path / "a.mp4")
        with pytest.raises(MediaUnreadable, match="no such file"):
            analyse_media(tmp_path / "gone.mp4")
        assert list(scratch_home.iterdir()) == []

    def test_a_model_that_is_not_here(self, clips, scratch_home):
        with pytest.raises(ModelMissing, match="models fetch small"):
            analyse_media(clips["short"], options=AnalysisOptions(model="small"))
        assert list(scratch_home.iterdir()) == []

    def test_no_sound_and_no_picture_wanted(self, clips):
        with pytest.raises(AnalysisError, match="has no sound, and the picture was left out"):
            analyse_media(clips["picture"], options=AnalysisOptions(video=False))

    def test_no_room_for_the_sound(self, clips, packaged_models, scratch_home, monkeypatch):
        class Full:
            free = 10_000_000

        monkeypatch.setattr("analysis.pipeline.shutil.disk_usage", lambda _: Full)
        with pytest.raises(AnalysisError, match="not enough space"):
            analyse_media(clips["short"], options=FAST)
        assert list(scratch_home.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
class TestStop:
    @pytest.mark.parametrize("when", ["at once", "while it works"])
    def test_cancel(self, packaged_models, scratch_home, when):
        before = children()
        cancel, started, outcome = threading.Event(), threading.Event(), []

        def work():
            try:
                analyse_media(
                    TAKE,
                    options=AnalysisOptions(language="en"),
                    progress=lambda *_: started.set(),
                    cancel=cancel,
                )
            except AnalysisError as exc:
                outcome.append((exc, time.monotonic()))

        if when == "at once":
            cancel.set()
        thread = threading.Thread(target=work)
        thread.start()
        if when == "while it works":
            assert started.wait(60)
            assert len(children() - before) == 2
        asked = time.monotonic()
        cancel.set()
        thread.join(60)
        ((error, stopped),) = outcome
        assert isinstance(error, AnalysisCancelled)
        if when == "while it works":
            assert stopped - asked < STOP_WITHIN_S
        assert children() <= before
        assert list(scratch_home.iterdir()) == []

    def test_an_error_of_the_caller_stops_the_workers_too(
        self, clips, packaged_models, scratch_home
    ):
        before = children()

        def progress(*_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            analyse_media(clips["both"], options=FAST, progress=progress)
        assert children() <= before
        assert list(scratch_home.iterdir()) == []


@pytest.fixture
def sabotage(monkeypatch):
    """Let the real worker run some code instead of a stage's work."""

    def sabotage(stage, code):
        script = (
            f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "from analysis import worker\n"
            "real = worker.run\n"
            "def run(request, progress):\n"
            f"    if request.stage == {stage!r}:\n"
            f"        {code}\n"
            "    return real(request, progress)\n"
            "worker.run = run\n"
            "worker.main()\n"
        )
        monkeypatch.setattr(worker, "command", lambda: [sys.executable, "-P", "-c", script])

    return sabotage


class TestCrashes:
    @pytest.mark.parametrize(
        ("code", "line"),
        [
            ("os.kill(os.getpid(), 9)", r"signal 9: no message"),
            ("raise RuntimeError('lost its head')", r"exit code 1: RuntimeError: lost its head"),
        ],
    )
    def test_the_words_survive_a_crash_of_the_picture(
        self, clips, packaged_models, scratch_home, sabotage, code, line
    ):
        sabotage("sight", code)
        analysis = analyse_media(clips["short"], options=FAST)
        assert analysis.speech.word_count > 8
        assert analysis.gaze is None
        assert analysis.posture is None
        (caution,) = [c for c in analysis.warnings if c.code == "picture-failed"]
        assert "picture stage ended unexpectedly" in caution.text
        assert re.search(line, caution.text)
        assert list(scratch_home.iterdir()) == []

    @pytest.mark.parametrize(
        ("code", "line"),
        [
            ("os.kill(os.getpid(), 11)", r"sound stage ended unexpectedly \(signal 11.*DEBUG=1"),
            ("raise RuntimeError('lost it')", r"exit code 1: RuntimeError: lost it"),
            ("sys.exit(3)", r"exit code 3"),
            ("raise MemoryError", r"ran out of memory"),
            ("raise OSError(28, 'No space left', 'x.f32')", r"x\.f32: No space left"),
            # What libraries print must not be taken for a message.
            ("print('hello', flush=True); raise ValueError('and bye')", r"ValueError: and bye"),
            ("os.write(1, b'rubbish'); sys.exit(4)", r"exit code 4: rubbish"),
        ],
    )
    def test_a_crash_of_the_sound_is_said(self, clips, scratch_home, sabotage, code, line):
        sabotage("sound", code)
        with pytest.raises(AnalysisFailed, match=line) as caught:
            analyse_media(clips["short"], options=FAST)
        assert "\n" not in str(caught.value)
        assert list(scratch_home.iterdir()) == []

    def test_the_debug_flag_shows_everything(self, clips, sabotage, monkeypatch):
        monkeypatch.setenv("MENSETSU_DEBUG", "1")
        sabotage("sound", "raise RuntimeError('lost it')")
        with pytest.raises(AnalysisFailed, match=r"(?s)Traceback.*RuntimeError: lost it"):
            analyse_media(clips["short"], options=FAST)

    def test_a_worker_that_talks_nonsense_is_not_waited_for(self, clips, scratch_home, monkeypatch):
        # A well-formed pickle of something that is not there, and then it hangs.
        code = "import os, time; os.write(1, b'cno_such_module\\nThing\\n.'); time.sleep(60)"
        monkeypatch.setattr(worker, "command", lambda: [sys.executable, "-c", code])
        began = time.monotonic()
        with pytest.raises(AnalysisFailed, match="ended unexpectedly"):
            analyse_media(clips["short"], options=FAST)
        assert time.monotonic() - began < 30

    def test_picture_only_and_it_crashes(self, clips, sabotage):
        sabotage("sight", "raise RuntimeError('lost its head')")
        with pytest.raises(AnalysisFailed, match="lost its head"):
            analyse_media(clips["picture"], options=FAST)


ATTEMPTS = {
    "connect": "socket.create_connection(('127.0.0.1', PORT), 5)",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "name": "socket.getaddrinfo('huggingface.co', 443)",
    "old name": "socket.gethostbyname('huggingface.co')",
    "web": "urllib.request.urlopen('http://127.0.0.1:PORT/', timeout=5)",
}


class TestNetwork:
    @pytest.mark.parametrize("attempt", ATTEMPTS)
    def test_a_worker_can_not_reach_it(self, clips, sabotage, attempt):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.2)
            code = ATTEMPTS[attempt].replace("PORT", str(server.getsockname()[1]))
            sabotage("sound", f"import socket, urllib.request; {code}")
            with pytest.raises(AnalysisFailed, match="does not use the network"):
                analyse_media(clips["short"], options=FAST)
            with pytest.raises(TimeoutError):
                server.accept()

    def test_the_attempts_would_succeed_without_the_guard(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            code = f"import socket; {ATTEMPTS['connect']}".replace(
                "PORT", str(server.getsockname()[1])
            )
            subprocess.run([sys.executable, "-c", code], check=True)
            guarded = f"from analysis.worker import refuse_network; refuse_network(); {code}"
            done = subprocess.run(
                [sys.executable, "-c", guarded], cwd=ROOT, capture_output=True, text=True
            )
        assert done.returncode == 1
        assert "PermissionError: mensetsu does not use the network" in done.stderr


def test_a_folder_named_analysis_is_not_taken_for_ours(
    clips, packaged_models, tmp_path, monkeypatch
):
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    options = AnalysisOptions(language="en", model="tiny.en", video=False, beam_size=1)
    assert analyse_media(clips["short"], options=options).speech.word_count > 8


SILENCE_EDGE_TOLERANCE_S = 0.3
# clip, language, words, silences (start, end) of 20 s and more, how many of them exceed 30 s
SILENCES = [
    ("dc1_answer.mp4", "en", [(11.92, 44.24), (70.8, 99.94)], 1),
    ("dc2_noise20db.mp4", "en", [(11.92, 44.24), (70.8, 99.94)], 1),
    ("dc3_avoffset500ms.mp4", "en", [(12.42, 44.74)], 1),  # as dc1, everything 0.5 s later
    ("dc5_japanese.mp4", "ja", [(13.65, 46.41)], 1),
    ("d04_autoeditor_noface.mp4", "en", [(17.22, 39.96)], 0),
]


@pytest.fixture(scope="session")
def real_clip(shared_media, packaged_models):
    """Analyse a real clip once; the picture only where it is asked for."""
    known = {}

    def real_clip(name, *, video=False):
        if name not in known:
            options = AnalysisOptions(model=str(packaged_models / "base"), video=video)
            known[name] = analyse_media(shared_media / "video" / name, options=options)
        return known[name]

    return real_clip


@pytest.mark.shared_media
class TestRealClips:
    @pytest.mark.parametrize(("clip", "language", "silences", "over"), SILENCES)
    def test_silences(self, real_clip, clip, language, silences, over):
        analysis = real_clip(clip)
        assert analysis.transcript.language == language
        found = [p for p in analysis.speech.pauses if p.duration_s >= 20]
        edges = [(p.start, p.end) for p in found]
        assert edges == [pytest.approx(s, abs=SILENCE_EDGE_TOLERANCE_S) for s in silences]
        assert [p.place for p in found] == ["inside"] * len(silences)
        assert summary(analysis)["silences_over_30s"] == over
        for word in analysis.transcript.words:
            assert not [s for s in silences if s[0] + 0.5 < word.start and word.end < s[1] - 0.5]

    @pytest.mark.parametrize("clip", ["dc1_answer", "dc2_noise20db"])
    def test_the_truth_file_says_the_same(self, shared_media, real_clip, clip):
        truth = json.loads((shared_media / "video" / f"{clip}.json").read_text("utf-8"))
        analysis = real_clip(f"{clip}.mp4")
        (silence,) = analysis.speech.silences_over_limit
        ((start, end, _),) = truth["silences_over_30s"]
        assert (silence.start, silence.end) == pytest.approx(
            (start, end), abs=SILENCE_EDGE_TOLERANCE_S
        )
        assert analysis.speech.word_count == pytest.approx(truth["reference_words"], rel=0.1)
        # Nobody hesitates there. In noise one may be counted, but "none" stays in the range.
        assert len(analysis.hesitations) <= (clip == "dc2_noise20db")
        assert analysis.hesitation_range.low == 0

    def test_music_and_a_face_for_a_third(self, real_clip):
        analysis = real_clip("d05_face_noface.mov", video=True)
        assert analysis.transcript is None or analysis.transcript.words == ()
        assert not analysis.speech.word_count
        assert analysis.gaze.coverage_ratio == pytest.approx(0.38, abs=0.05)
        assert math.isnan(analysis.gaze.eye_contact_ratio)
        assert "face-coverage-low" in codes(analysis)

    def test_another_language_is_said(self, real_clip):
        analysis = real_clip("d08_russian_vlog.mp4")
        assert analysis.transcript is None
        assert analysis.speech.word_count is None
        assert analysis.speech.speaking_s > 5
        (caution,) = [c for c in analysis.warnings if c.code == "language-not-supported"]
        assert "Russian" in caution.text


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this system does not group processes"
)
@pytest.mark.parametrize("niceness", [0, 10])
def test_a_patient_worker_yields_to_other_sessions(niceness):
    """It has a session of its own, where niceness alone says nothing to the others."""
    code = (
        f"import os; os.nice({niceness} - os.nice(0))\n"
        "from analysis.worker import yield_to_other_sessions\n"
        "yield_to_other_sessions()\n"
        "print(open('/proc/self/autogroup').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith(f"nice {niceness}")
