"""A program that records with PortAudio: what the tests run under the virtual microphone.

Arguments: seconds, rate, file for the samples. Prints, as JSON, when each block came.
"""

import json
import sys
import time

import sounddevice as sd

blocks, came, flags = [], [], []


def keep(data, frames, _, status):
    came.append((time.monotonic(), frames))
    blocks.append(bytes(data))
    if status:
        flags.append(str(status))


names = [d["name"] for d in sd.query_devices()]
with sd.RawInputStream(
    samplerate=float(sys.argv[2]), channels=1, dtype="int16", blocksize=480, latency=0.1,
    device="pulse", callback=keep,
):  # fmt: skip
    while not came:
        time.sleep(0.01)
    print("recording", flush=True)
    time.sleep(float(sys.argv[1]))
with open(sys.argv[3], "wb") as out:
    out.write(b"".join(blocks))
print(json.dumps({"came": came, "flags": flags, "devices": names}))
