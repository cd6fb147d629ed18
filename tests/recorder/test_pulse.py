import os
import sys

import pytest

from recorder import pulse
from tests.recorder.device_program import Program

virtual_devices = pytest.mark.virtual_devices

RECORD = """
from recorder.audio import MicrophoneStream, find_microphone
from recorder.pulse import SourceWatch, current_source, list_sources
import os

blocks = []
stream = MicrophoneStream(find_microphone(None), blocks.append)
stream.start()
watch = SourceWatch()
"""


@pytest.mark.parametrize(
    ("name", "description", "properties", "hardware", "processing"),
    [
        ("alsa_input.pci-0000_00_1f.3.analog-stereo", "Built-in Audio", {}, True, "none"),
        ("alsa_input.usb-Vendor", "Noise-Cancelling Headset", {}, True, "none"),
        ("mic.echo-cancel", "Mic (echo cancelled with Mic)", {}, False, "echo cancellation"),
        ("echo-cancel-source", "Echo-Cancel Source", {}, False, "echo cancellation"),
        ("rnnoise_source", "Noise Canceling source", {}, False, "noise suppression"),
        (
            "effect_output.x",
            "x",
            {"node.name": "effect_output.rnnoise"},
            False,
            "noise suppression",
        ),
        ("easyeffects_source", "Easy Effects Source", {}, False, "effects"),
        ("denoised.echo-cancel", "x", {}, False, "echo cancellation, noise suppression"),
        ("remapped", "Left channel", {"device.class": "filter"}, False, "a filter"),
        ("pipe", "Unix FIFO source", {}, False, "unknown"),
    ],
)
def test_processing_that_the_server_tells(name, description, properties, hardware, processing):
    told = pulse.processing_of(name, description, properties, hardware=hardware)
    assert told == processing


@pytest.mark.parametrize(
    ("name", "properties", "rate_hz", "bluetooth"),
    [
        ("bluez_source.00_11.handsfree_head_unit", {}, 48000, True),
        ("bluez_input.00_11.0", {}, 48000, True),
        ("x", {"device.bus": "bluetooth"}, 48000, True),
        ("x", {"device.api": "bluez5"}, 48000, True),
        ("x", {}, 16000, True),
        ("x", {}, 8000, True),
        ("alsa_input.usb", {"device.bus": "usb", "device.api": "alsa"}, 44100, False),
    ],
)
def test_bluetooth_by_bus_name_or_rate(name, properties, rate_hz, bluetooth):
    assert pulse.is_bluetooth(name, properties, rate_hz) is bluetooth


def test_without_a_server_nothing_is_found_and_nothing_raises(monkeypatch, tmp_path):
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'none'}")
    _finds_nothing()


def test_without_the_library_nothing_is_found_and_nothing_raises(monkeypatch):
    monkeypatch.setitem(sys.modules, "pulsectl", None)
    _finds_nothing()


def _finds_nothing():
    assert pulse.list_sources() is None
    assert pulse.current_source(os.getpid()) is None
    watch = pulse.SourceWatch()
    assert watch.look() is None
    assert watch.is_present("x") is False
    assert watch.move("x") is False
    watch.close()


@virtual_devices
def test_sources_without_the_monitors_of_loudspeakers(virtual_microphone, device_environment):
    virtual_microphone.mute(on="spare_microphone")
    with Program(device_environment(virtual_microphone)) as program:
        program.run("from recorder.pulse import list_sources")
        sources = program.value("list_sources()")
    assert [s["name"] for s in sources] == ["virtual_microphone", "spare_microphone"]
    first, spare = sources
    assert first["description"] == "Virtual Microphone"
    assert (first["rate_hz"], first["channels"]) == (48000, 1)
    assert (first["default"], spare["default"]) == (True, False)
    assert (first["muted"], spare["muted"]) == (False, True)


@virtual_devices
def test_the_source_of_our_stream_and_its_state(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), RECORD) as program:
        assert program.value("watch.look()") == {
            "name": "virtual_microphone",
            "description": "Virtual Microphone",
            "suspended": False,
            "muted": False,
        }
        assert program.value("current_source(os.getpid())")["name"] == "virtual_microphone"
        assert program.value("current_source(os.getpid() + 1)") is None
        virtual_microphone.mute()
        program.wait("watch.look().muted")
        virtual_microphone.suspend()
        program.wait("watch.look().suspended")
        virtual_microphone.resume()
        program.wait("not watch.look().suspended")
        program.run("stream.close()")
        program.wait("watch.look() is None")


@virtual_devices
def test_a_replaced_source_is_seen_and_the_stream_goes_back(virtual_microphone, device_environment):
    with Program(device_environment(virtual_microphone), RECORD) as program:
        virtual_microphone.unload()
        program.wait("watch.look().name == 'spare_microphone'")
        assert program.value("watch.is_present('virtual_microphone')") is False
        assert program.value("watch.move('virtual_microphone')") is False
        assert program.value("watch.look()")["name"] == "spare_microphone"
        virtual_microphone.reload()
        assert program.value("watch.is_present('virtual_microphone')") is True
        assert program.value("watch.move('virtual_microphone')") is True
        program.wait("watch.look().name == 'virtual_microphone'")


@virtual_devices
def test_the_watch_outlives_the_server(device_environment, virtual_microphone):
    from tests.devices.virtual_microphone import VirtualMicrophone

    start = "from recorder.pulse import SourceWatch\nimport os\nwatch = SourceWatch()"
    with VirtualMicrophone() as other, Program(device_environment(other), start) as program:
        assert program.value("watch.is_present('virtual_microphone')") is True
        other.close()
        assert program.value("watch.is_present('virtual_microphone')") is False
        server = virtual_microphone.environment["PULSE_SERVER"]
        program.run(f"os.environ['PULSE_SERVER'] = {server!r}")
        assert program.value("watch.is_present('virtual_microphone')") is True
