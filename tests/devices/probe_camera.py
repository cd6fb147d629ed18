"""A program that reads a camera with OpenCV: what the tests run under the virtual camera.

Arguments: number of the camera, seconds, seconds to sleep after the tenth frame. Prints, as
JSON, when each frame came, its time stamp, its mean colour, and whether one came at all.
"""

import json
import sys
import time

import cv2

number, seconds, nap = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
camera = cv2.VideoCapture(number, cv2.CAP_V4L2)
opened = camera.isOpened()
frames = []
if opened:
    camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 4)
    until = time.monotonic() + seconds
    print("reading", flush=True)
    while time.monotonic() < until:
        grabbed = camera.grab()
        came = time.monotonic()
        stamp = camera.get(cv2.CAP_PROP_POS_MSEC) / 1000
        got, image = camera.retrieve() if grabbed else (False, None)
        frames.append((got, came, stamp, image.mean(axis=(0, 1)).tolist() if got else None))
        if not grabbed:
            break
        if len(frames) == 10 and nap:
            time.sleep(nap)
size = [camera.get(cv2.CAP_PROP_FRAME_WIDTH), camera.get(cv2.CAP_PROP_FRAME_HEIGHT)]
camera.release()
print(json.dumps({"opened": opened, "frames": frames, "size": size}))
