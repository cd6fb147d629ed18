"""Media to numbers: every measurement of an answer, as plain data."""

import os

# ONNX Runtime (it runs the voice activity model) reports its use to Microsoft unless this is set
# before it is loaded. It does so from C++, where Python's audit hook sees nothing.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
