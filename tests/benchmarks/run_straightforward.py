"""The way without any thought of speed: ``python run_straightforward.py MEDIA MODEL_FOLDER``.

What the examples of the libraries show, one after the other: faster-whisper with its own defaults
over the whole file, then every frame through MediaPipe's face mesh and pose. A program for
`speed.py`.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Run it, and say in one line what came out."""
    media, model = sys.argv[1:3]
    print(json.dumps({"words": _recognise(media, model), "frames": _look(media)}))


def _recognise(media: str, folder: str) -> int:
    from faster_whisper import WhisperModel

    model = WhisperModel(folder, device="cpu", compute_type="int8")
    segments, _ = model.transcribe(media, word_timestamps=True)
    return sum(len(segment.words or ()) for segment in segments)


def _look(media: str) -> int:
    import cv2
    import mediapipe as mp

    frames = 0
    capture = cv2.VideoCapture(media)
    with (
        mp.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh,
        mp.solutions.pose.Pose(model_complexity=1) as pose,
    ):
        while True:
            there, frame = capture.read()
            if not there:
                break
            picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            mesh.process(picture)
            pose.process(picture)
            frames += 1
    capture.release()
    return frames


if __name__ == "__main__":
    main()
