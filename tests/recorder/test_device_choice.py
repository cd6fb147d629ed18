from dataclasses import dataclass

import pytest

from recorder.device_choice import choose, told_apart, with_place
from recorder.errors import CameraUnusable, MicrophoneUnusable


@dataclass(frozen=True)
class Device:
    id: str
    name: str


BUILT_IN = Device("alsa_input.pci", "Built-in Audio")
HEADSET = Device("bluez.1", "Jabra Evolve 65")
USB = Device("usb.rode", "RØDE NT-USB")
USB_MINI = Device("usb.rode.mini", "RØDE NT-USB Mini")
ALL = (BUILT_IN, HEADSET, USB, USB_MINI)


def chosen(wanted, remembered=None, devices=ALL):
    return choose(
        devices,
        wanted,
        remembered,
        default=devices[0],
        kind="microphone",
        error=MicrophoneUnusable,
    )


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        ("1", BUILT_IN),
        ("4", USB_MINI),
        ("usb.rode", USB),  # an id goes before a part of another
        ("jabra", HEADSET),
        ("rØde nt-usb", USB),  # so does a whole name
        ("mini", USB_MINI),
        (" bluez.1 ", HEADSET),
        (None, BUILT_IN),
        ("", BUILT_IN),
    ],
)
def test_number_id_and_part_of_the_name(wanted, device):
    assert chosen(wanted) == device


@pytest.mark.parametrize("wanted", ["0", "5", "99999999999999999999"])
def test_a_number_that_does_not_exist(wanted):
    with pytest.raises(
        MicrophoneUnusable, match=f"no microphone {wanted}: there are 1 Bui"
    ) as told:
        chosen(wanted)
    assert told.value.reason == "unknown"
    assert "4 RØDE NT-USB Mini" in str(told.value)
    assert "mensetsu devices" in str(told.value)


def test_an_unknown_name():
    with pytest.raises(MicrophoneUnusable, match="there is only 1 Built-in Audio"):
        chosen("Yeti", devices=(BUILT_IN,))


def test_a_name_that_fits_two():
    with pytest.raises(MicrophoneUnusable, match="3 RØDE NT-USB, 4 RØDE NT-USB Mini;") as told:
        chosen("røde")
    assert told.value.reason == "unknown"


def test_the_remembered_one_goes_before_the_default_and_after_a_wish():
    assert chosen(None, "usb.rode") == USB
    assert chosen("jabra", "usb.rode") == HEADSET
    assert chosen(None, "gone") == BUILT_IN


def test_alike_devices_are_told_apart_by_place():
    ids = told_apart(["Cam", "Cam", "Other"], ["usb-1", "usb-2", "usb-3"])
    assert ids == ("Cam @ usb-1", "Cam @ usb-2", "Other")
    both = tuple(Device(i, "Cam") for i in ids[:2])
    assert chosen("Cam @ usb-2", None, both).id == "Cam @ usb-2"
    with pytest.raises(MicrophoneUnusable, match="more than one"):
        chosen("Cam", None, both)


def test_an_id_stored_while_its_twin_was_there():
    other, alone = Device("Other", "Other"), Device("Cam", "Cam")

    def found(wanted, remembered=None):
        return choose(
            (other, alone),
            wanted,
            remembered,
            default=other,
            kind="camera",
            error=CameraUnusable,
            other_ids={with_place(alone.id, "usb-2"): alone},
        )

    assert found("Cam @ usb-2") == found(None, "Cam @ usb-2") == alone
    # The one that is left is the twin.
    assert found(None, "Cam @ usb-1") == other
    with pytest.raises(CameraUnusable, match="no camera 'Cam @ usb-1'"):
        found("Cam @ usb-1")


def test_devices_alike_in_everything_get_an_order():
    assert told_apart(["Mic", "Mic", "Mic"], ["", "", ""]) == ("Mic", "Mic#2", "Mic#3")


def test_the_error_is_of_the_devices_kind():
    with pytest.raises(CameraUnusable, match="no camera 7"):
        choose(ALL, "7", None, default=USB, kind="camera", error=CameraUnusable)
