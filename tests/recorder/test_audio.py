import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from recorder import audio, microphone_list
from recorder.audio import Microphone, MicrophoneStream, find_microphone, list_microphones, play
from recorder.errors import DeviceUnusable, MicrophoneUnusable
from tests.recorder.device_program import ROOT, Program

virtual_devices = pytest.mark.virtual_devices

NOTHING = {"ALSA_CONFIG_PATH": "/usr/share/alsa/alsa.conf"}
"""Its own settings, without a sound server and without cards: with none, ALSA aborts."""
START = "from recorder.audio import *\nfrom recorder.microphone_list import *"
OPEN = """
import time
import numpy as np
blocks = []
def opened(wanted):
    global stream
    blocks.clear()
    stream = MicrophoneStream(find_microphone(wanted), blocks.append)
    stream.start()
def heard(seconds):
    until = time.monotonic() + 30
    while sum(len(b.samples) for b in list(blocks)) < seconds * stream.rate_hz:
        assert time.monotonic() < until, "no sound came"
        time.sleep(0.01)
    return np.concatenate([b.samples for b in list(blocks)])
"""


# --- with the real PortAudio and PulseAudio ------------------------------------------------------


@virtual_devices
def test_microphones_by_the_names_people_know(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), START) as program:
        first, spare = program.value("list_microphones()")
    assert (first["id"], first["name"]) == ("virtual_microphone", "Virtual Microphone")
    assert (first["rate_hz"], first["channels"], first["default"]) == (48000, 1, True)
    assert (first["host"], first["bluetooth"]) == (microphone_list.SERVER_HOST, False)
    assert (spare["name"], spare["default"]) == ("Spare Microphone", False)


@virtual_devices
def test_native_rates_processing_and_bluetooth(device_environment):
    from tests.devices.virtual_microphone import MicrophoneModel, VirtualMicrophone

    models = (
        MicrophoneModel("usb", "USB Microphone", 44100, 2),
        MicrophoneModel("headset", "Headset", 16000, 1),
        MicrophoneModel("buds", "Buds", 48000, 1, {"device.bus": "bluetooth"}),
        MicrophoneModel("usb.echo-cancel", "USB (clean)", 32000, 1, {"device.class": "filter"}),
    )
    with (
        VirtualMicrophone(*models) as microphone,
        Program(device_environment(microphone), START + OPEN) as program,
    ):
        listed = {m["name"]: m for m in program.value("list_microphones()")}
        assert [m["bluetooth"] for m in listed.values()] == [False, True, True, False]
        assert listed["USB (clean)"]["processing"] == "echo cancellation"
        assert listed["USB Microphone"]["processing"] == "unknown"
        for model in models:
            assert listed[model.description]["rate_hz"] == model.rate_hz
            assert listed[model.description]["channels"] == model.channels
            program.run(f"opened({model.name!r}); heard(0.1)")
            assert program.value("stream.rate_hz, stream.channels") == [model.rate_hz, 1]
            program.run("stream.close()")


@virtual_devices
def test_the_sound_is_the_microphones_own_sample_for_sample(virtual_microphone, device_environment):
    noise = np.random.default_rng(1).integers(-20000, 20000, 48000, np.int16)
    with Program(device_environment(virtual_microphone), START + OPEN) as program:
        program.run("opened('spare'); heard(0.2)")  # not the default one
        virtual_microphone.play(noise, on="spare_microphone")
        program.run("blocks.clear(); sound = heard(2)[:, 0]; stream.close()")
        sound = np.array(program.value("sound.tolist()"), np.int16)
        at = next(i for i in range(len(sound)) if (sound[i : i + 8] == noise[:8]).all())
        assert (sound[at : at + len(noise)] == noise).all()
        lengths = program.value("[len(b.samples) for b in blocks]")
        assert set(lengths) == {480}
        assert program.value("[b.samples.dtype.name for b in blocks[:1]]") == ["int16"]
        times = np.array(program.value("[b.arrival_s for b in blocks]"))
        assert (np.diff(times) >= 0).all()
        assert abs(times[-1] - time.monotonic()) < 60
        assert program.value("any(b.overflow for b in blocks)") is False


@virtual_devices
def test_number_part_of_name_and_remembered(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), START) as program:
        assert program.value("find_microphone('2').id") == "spare_microphone"
        assert program.value("find_microphone('spare').id") == "spare_microphone"
        assert program.value("find_microphone(None).id") == "virtual_microphone"
        assert program.value("find_microphone(None, 'spare_microphone').id") == "spare_microphone"
        with pytest.raises(MicrophoneUnusable, match="more than one microphone fits") as ambiguous:
            program.value("find_microphone('microphone')")
        with pytest.raises(MicrophoneUnusable, match=r"no microphone 7: .*2 Spare") as unknown:
            program.value("find_microphone('7')")
    assert (ambiguous.value.reason, unknown.value.reason) == ("unknown", "unknown")


@virtual_devices
def test_unplugged_and_found_again(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), START + OPEN) as program:
        assert program.value("find_microphone('1').id") == "virtual_microphone"
        program.run("chosen = find_microphone('1'); opened('1'); heard(0.1)")
        virtual_microphone.unload()
        assert [m["id"] for m in program.value("list_microphones()")] == ["spare_microphone"]
        with pytest.raises(MicrophoneUnusable, match="'virtual_microphone': there is only 1 Spare"):
            program.value("find_microphone(chosen.id)")
        program.run("stream.close()")
        with pytest.raises(MicrophoneUnusable, match="Virtual Microphone is gone") as gone:
            program.run("MicrophoneStream(chosen, blocks.append)")
        assert gone.value.reason == "unknown"
        virtual_microphone.reload()
        # Under another number, with the same id.
        assert program.value("[m.id for m in list_microphones()].index(chosen.id)") == 1
        program.run("opened(chosen.id); heard(0.1); stream.close()")


@virtual_devices
def test_close_and_stop_at_any_time(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), START + OPEN) as program:
        program.run("chosen = find_microphone(None)")
        program.run("opened(None); heard(0.1); stream.stop(); stream.start(); heard(0.2)")
        virtual_microphone.close()  # the sound server ends
        program.run("stream.stop(); stream.close(); stream.close(); stream.stop()")
        with pytest.raises(MicrophoneUnusable, match="closed"):
            program.run("stream.start()")
        with pytest.raises(MicrophoneUnusable, match=r"sound server .* does not run") as refused:
            program.run("MicrophoneStream(chosen, blocks.append)")
        assert refused.value.reason == "failed"


@virtual_devices
def test_no_microphone_at_all(device_environment):
    with Program(device_environment(None, **NOTHING), START) as program:
        assert program.value("list_microphones()") == []
        for wanted in ("None", "'1'", "'x'"):
            with pytest.raises(MicrophoneUnusable, match="no microphone was found") as refused:
                program.value(f"find_microphone({wanted})")
            assert refused.value.reason == "none"


@virtual_devices
def test_without_a_sound_server_alsa_is_asked(device_environment, tmp_path):
    (tmp_path / "alsa.conf").write_text(
        '</usr/share/alsa/alsa.conf>\npcm.desk { type null hint { show on description "Desk" } }\n'
    )
    environment = device_environment(None, ALSA_CONFIG_PATH=str(tmp_path / "alsa.conf"))
    with Program(environment, START + OPEN) as program:
        (desk,) = program.value("list_microphones()")
        assert (desk["id"], desk["host"]) == ("ALSA: desk", "ALSA")
        assert desk["processing"] == "unknown"
        program.run("opened('desk'); stream.close()")


@virtual_devices
def test_the_test_sound_comes_out_of_the_loudspeaker(virtual_microphone):
    code = (
        "import numpy as np; from recorder.audio import play; "
        "play(0.5 * np.sin(2 * np.pi * 1000 * np.arange(24000) / 48000).astype(np.float32), 48000)"
    )
    sound = virtual_microphone.heard([sys.executable, "-c", code], cwd=ROOT,
                                     env=virtual_microphone.environment)  # fmt: skip
    loud = np.flatnonzero(np.abs(sound) > 8000)
    assert len(loud) > 0
    tone = sound[loud[0] : loud[-1]].astype(float)
    # The loudspeaker hands over in pieces, the last of which may be missing.
    assert 0.2 < len(tone) / 48000 < 0.51
    assert np.argmax(np.abs(np.fft.rfft(tone))) / len(tone) * 48000 == pytest.approx(1000, abs=5)


@virtual_devices
def test_no_loudspeaker(device_environment):
    with Program(device_environment(None, **NOTHING), START) as program:
        program.run("import numpy as np")
        with pytest.raises(DeviceUnusable, match="no sound can be played"):
            program.run("play(np.zeros(100, np.float32), 48000)")


# --- with PortAudio replaced ---------------------------------------------------------------------


@pytest.fixture
def listing(tmp_path, monkeypatch):
    """Return a function that makes the listing process import another sounddevice."""

    def replace(text):
        (tmp_path / "sounddevice.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'none'}")

    return replace


def test_portaudio_is_missing(listing, monkeypatch, tmp_path):
    listing("raise OSError('PortAudio library not found')")
    with pytest.raises(MicrophoneUnusable, match="apt install libportaudio2") as refused:
        find_microphone(None)
    assert refused.value.reason == "failed"
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MicrophoneUnusable, match="libportaudio2"):
        MicrophoneStream(MICROPHONE, print)
    with pytest.raises(DeviceUnusable, match="libportaudio2"):
        play(np.zeros(10, np.float32), 48000)


@pytest.mark.parametrize("crash", ["import os; os._exit(139)", "print('noise'); raise SystemExit"])
def test_the_listing_crashes(listing, crash):
    listing(crash)
    with pytest.raises(MicrophoneUnusable, match="can't be listed"):
        list_microphones()


def test_the_listing_hangs(listing, monkeypatch):
    listing("import time; time.sleep(600)")
    monkeypatch.setattr(microphone_list, "LIST_LIMIT_S", 1.0)
    with pytest.raises(MicrophoneUnusable, match="within 1 s"):
        list_microphones()


def test_chatter_of_libraries_does_not_spoil_the_list(listing):
    listing(
        "print('ALSA lib: hello'); import os; os.write(1, b'more')\n"
        "query_devices = query_hostapis = lambda: []"
    )
    assert list_microphones() == ()


def test_the_route_of_this_process_does_not_reach_the_listing(listing, monkeypatch):
    monkeypatch.setenv("PULSE_SOURCE", "gone")
    listing(
        "import os; assert 'PULSE_SOURCE' not in os.environ\n"
        "query_devices = query_hostapis = lambda: []"
    )
    assert list_microphones() == ()


def device(name, host=0, inputs=1, rate_hz=48000.0):
    return {
        "name": name,
        "hostapi": host,
        "max_input_channels": inputs,
        "max_output_channels": 0,
        "default_samplerate": rate_hz,
    }


def host(name, default=-1):
    return {"name": name, "default_input_device": default}


def test_windows_shows_each_microphone_once_and_no_loudspeaker():
    hosts = [host("MME", 0), host("Windows WASAPI", 4), host("Windows WDM-KS", 6)]
    devices = [
        device("Microphone (2- USB Audio Devic", 0, 2, 44100),
        device("Speakers (Realtek)", 1, 0),
        device("Speakers (Realtek) [Loopback]", 1, 2),
        device("Stereo Mix (Realtek)", 1, 2),
        device("Microphone (2- USB Audio Device)", 1, 1, 48000),
        device("Headset (Jabra Hands-Free AG Audio)", 1, 1, 16000),
        device("Microphone (USB Audio Device)", 2, 1),
    ]
    usb, headset = microphone_list.of_portaudio(devices, hosts, "win32")
    assert usb.id == "Windows WASAPI: Microphone (USB Audio Device)"
    assert usb.name == usb.device == "Microphone (2- USB Audio Device)"
    assert (usb.default, usb.rate_hz, usb.processing) == (True, 48000, "unknown")
    assert (headset.bluetooth, headset.default) == (True, False)
    # Plugged in elsewhere, Windows counts it up.
    devices[4] = device("Microphone (3- USB Audio Device)", 1, 1, 48000)
    assert microphone_list.of_portaudio(devices, hosts, "win32")[0].id == usb.id
    # Without WASAPI, the next one.
    old = microphone_list.of_portaudio(devices[:1], [host("MME", 0)], "win32")
    assert [m.host for m in old] == ["MME"]


def test_core_audio_keeps_twins_apart():
    devices = [device("MacBook Pro Microphone"), device("USB Mic"), device("USB Mic")]
    listed = microphone_list.of_portaudio(devices, [host("Core Audio", 0)], "darwin")
    assert [m.id for m in listed] == [
        "Core Audio: MacBook Pro Microphone",
        "Core Audio: USB Mic",
        "Core Audio: USB Mic#2",
    ]
    assert [m.default for m in listed] == [True, False, False]


def test_alsa_shows_cards_under_ids_without_their_numbers():
    devices = [
        device("HDA Intel PCH: ALC257 Analog (hw:0,0)", inputs=2),
        device("USB PnP: Audio (hw:1,0)"),
        device("sysdefault", inputs=128),
        device("dsnoop"),
        device("default", inputs=64),
    ]
    listed = microphone_list.of_portaudio(devices, [host("ALSA", 4)], "linux")
    assert [m.name for m in listed] == ["HDA Intel PCH: ALC257 Analog", "USB PnP: Audio"]
    devices[1] = device("USB PnP: Audio (hw:2,0)")
    again = microphone_list.of_portaudio(devices, [host("ALSA", 4)], "linux")
    assert again[1].id == listed[1].id == "ALSA: USB PnP: Audio"
    assert again[1].device == "USB PnP: Audio (hw:2,0)"
    # No card: one way to the sound server, not all of them.
    listed = microphone_list.of_portaudio(
        [*devices[2:], device("pulse")], [host("ALSA", 2)], "linux"
    )
    assert [m.name for m in listed] == ["default"]


MICROPHONE = Microphone(
    id="ALSA: Desk",
    name="Desk",
    channels=2,
    rate_hz=48000,
    host="ALSA",
    default=True,
    processing="unknown",
    bluetooth=False,
    device="Desk (hw:1,0)",
)


class PortAudioError(Exception):
    """As sounddevice's."""


class FakePortAudio:
    """PortAudio with one device that refuses what a test says."""

    PortAudioError = PortAudioError

    def __init__(self):
        self.devices = [device("Desk (hw:1,0)", inputs=2)]
        self.refuse = lambda rate_hz, channels: None
        self.restarts = 0
        self.log = []

    def query_devices(self):
        return self.devices

    def query_hostapis(self, index):
        return [host("ALSA")][index]

    def _terminate(self):
        self.restarts += 1

    def _initialize(self):
        self.devices = [device("Desk (hw:1,0)", inputs=2)]

    def RawInputStream(self, *, samplerate, channels, **options):
        error = self.refuse(samplerate, channels)
        if error:
            raise PortAudioError(*error)
        self.callback = options["callback"]
        return SimpleNamespace(
            start=lambda: self.log.append("start"), abort=self._fail, close=self._fail
        )

    def _fail(self):
        raise PortAudioError("Internal PortAudio error", -9986)


@pytest.fixture
def fake(monkeypatch):
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(audio, "_open_streams", 0)
    return fake


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (("Error opening: Device unavailable", -9985), "busy", "in use by another program"),
        (
            ("Error", -9999, (0, -16, "Device or resource busy")),
            "busy",
            "in use by another program",
        ),
        (("Error", -9999, (0, -13, "Permission denied")), "permission", "privacy settings"),
        (("Error", -9999, (2, -2147024891, "")), "permission", "privacy settings"),
        (("Error", -9999, (2, -2004287478, "")), "busy", "in use by another program"),
        (("Error opening: Invalid device", -9996), "unknown", "Desk is gone"),
        (("Error", -9999, (0, -5, "Input/output error")), "failed", "Input/output error"),
        (("Error opening RawInputStream: Insufficient memory", -9992), "failed", "Insufficient"),
    ],
)
def test_why_a_microphone_does_not_open(fake, error, reason, words):
    fake.refuse = lambda rate_hz, channels: error
    with pytest.raises(MicrophoneUnusable, match=words) as refused:
        MicrophoneStream(MICROPHONE, print)
    assert refused.value.reason == reason


def test_another_rate_or_both_channels_where_the_device_insists(fake):
    def refuse(rate_hz, channels):
        if rate_hz != 44100:
            return ("Error: Invalid sample rate", -9997)
        return None if channels == 2 else ("Error: Invalid number of channels", -9998)

    fake.refuse = refuse
    blocks = []
    stream = MicrophoneStream(MICROPHONE, blocks.append)
    assert (stream.rate_hz, stream.channels) == (44100, 2)
    status = SimpleNamespace(input_overflow=True)
    fake.callback(np.array([[1, 2], [3, 4]], np.int16).tobytes(), 2, None, status)
    assert blocks[0].samples.tolist() == [[1, 2], [3, 4]]
    assert blocks[0].overflow is True
    # A device that is gone fails at everything: nobody need know.
    stream.stop()
    stream.close()
    stream.close()


def test_a_device_that_insists_on_nothing_we_know(fake):
    fake.refuse = lambda rate_hz, channels: ("Error: Invalid sample rate", -9997)
    with pytest.raises(MicrophoneUnusable, match="Invalid sample rate") as refused:
        MicrophoneStream(MICROPHONE, print)
    assert refused.value.reason == "failed"


def test_portaudio_looks_again_for_a_device_it_did_not_know_but_never_under_a_stream(fake):
    fake.devices = []
    first = MicrophoneStream(MICROPHONE, print)
    assert fake.restarts == 1
    fake.devices = []
    with pytest.raises(MicrophoneUnusable, match="Desk is gone") as refused:
        MicrophoneStream(MICROPHONE, print)
    assert (refused.value.reason, fake.restarts) == ("unknown", 1)
    first.close()
    MicrophoneStream(MICROPHONE, print)
    assert fake.restarts == 2


def test_sound_cards_that_this_user_may_not_open(listing, monkeypatch, tmp_path):
    listing("query_devices = query_hostapis = lambda: []")
    cards = tmp_path / "snd"
    cards.mkdir()
    monkeypatch.setattr(microphone_list, "SOUND_CARDS", cards)
    monkeypatch.setattr(sys, "platform", "linux")
    (cards / "pcmC0D0p").touch()  # a loudspeaker only
    with pytest.raises(MicrophoneUnusable) as refused:
        find_microphone(None)
    assert refused.value.reason == "none"
    (cards / "pcmC0D0c").touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(MicrophoneUnusable, match="group audio") as refused:
        find_microphone(None)
    assert refused.value.reason == "permission"
