"""Fixtures of the virtual devices, for tests with the marker virtual_devices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# Imported where they are used: they need Linux.


@pytest.fixture
def virtual_microphone() -> Iterator:
    """Two microphones (the default one takes the commands) on a sound server of their own."""
    from tests.devices.virtual_microphone import VirtualMicrophone

    with VirtualMicrophone() as microphone:
        yield microphone


@pytest.fixture
def virtual_cameras() -> Iterator:
    """A bus without cameras: `add` plugs one in."""
    from tests.devices.virtual_camera import VirtualCameras

    with VirtualCameras() as bus:
        yield bus


@pytest.fixture
def virtual_camera(virtual_cameras):
    """One camera, /dev/video0, 1280×720 at 30 frames per s."""
    return virtual_cameras.add()


@pytest.fixture
def virtual_clock() -> Iterator:
    """A wall clock that the test sets."""
    from tests.devices.shims import VirtualClock

    with VirtualClock() as clock:
        yield clock


@pytest.fixture(scope="session")
def device_environment():
    """Return the function that makes the environment for a program under test."""
    from tests.devices.environment import device_environment

    return device_environment
