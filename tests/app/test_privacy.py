"""Nothing leaves this computer: every part runs with the network cut off."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CUT_OFF = ("unshare", "-rn")

REACH_OUT = """
import socket, sys, urllib.request
from analysis.worker import refuse_network
refuse_network()
tries = {
    "connect": lambda: socket.socket().connect(("127.0.0.1", 9)),
    "connect_ex": lambda: socket.socket().connect_ex(("127.0.0.1", 9)),
    "create_connection": lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    "sendto": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "sendmsg": lambda: socket.socket(type=socket.SOCK_DGRAM).sendmsg(
        [b"x"], [], 0, ("127.0.0.1", 9)),
    "getaddrinfo": lambda: socket.getaddrinfo("example.org", 80),
    "gethostbyname": lambda: socket.gethostbyname("example.org"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("192.0.2.1"),
    "urlopen": lambda: urllib.request.urlopen("http://127.0.0.1:9/", timeout=1),
}
for name, reach in tries.items():
    try:
        reach()
    except OSError as exc:
        cause = exc if isinstance(exc, PermissionError) else getattr(exc, "reason", None)
        print(name, "refused" if "does not use the network" in str(cause) else repr(exc))
    else:
        print(name, "went out")
"""


def can_cut_off():
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*CUT_OFF, "true"], capture_output=True, check=False).returncode == 0
    )


def test_a_worker_refuses_every_way_out():
    done = subprocess.run(
        [sys.executable, "-c", REACH_OUT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    answers = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert len(answers) == 9
    assert set(answers.values()) == {"refused"}, answers


def test_without_a_network_the_result_is_the_same(program, take):
    """Where no name space can be made, the refusing workers above stand for it."""
    before = CUT_OFF if can_cut_off() else ()
    if before:
        lonely = subprocess.run(
            [*before, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True
        )
        assert [line.split(":")[0].strip() for line in lonely.stdout.splitlines()[2:]] == ["lo"]
    done = program("analyse", take.parent / "clip.mp4", "--json", before=before)
    assert done.code == 0, done.err
    printed = (take.parent / "printed.json").read_text(encoding="utf-8")
    assert json.loads(done.out) == json.loads(printed)


def test_not_even_a_name_is_asked_for(voice, packaged_models, scratch):
    """Libraries in C++ are not seen by Python: a name server of our own sees what they ask.

    ONNX Runtime reports to Microsoft by default.
    """
    if not can_cut_off():
        pytest.skip("no network name spaces here")
    command = [sys.executable, "-m", "app", "analyse", str(voice), "--output", str(scratch / "out")]
    asked = names_asked_by([*command, "--model", "tiny.en"])
    assert asked == ["ended 0"]
    assert [p.name for p in scratch.iterdir()] == ["out"]  # no identifiers, no session files
    lookup = "import socket; socket.getaddrinfo('example.org', 80)"
    assert "example" in " ".join(names_asked_by([sys.executable, "-c", lookup]))


NAME_SERVER = """
import fcntl, socket, struct, subprocess, sys, threading
# The loop-back device of this name space is down at first.
plain = socket.socket(type=socket.SOCK_DGRAM)
fcntl.ioctl(plain, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))

def serve():
    while True:
        question, client = server.recvfrom(512)
        print("asked", question[12:].split(bytes(5))[0], flush=True)
        server.sendto(question[:2] + bytes([0x81, 0x83]) + question[4:], client)

threading.Thread(target=serve, daemon=True).start()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("ended", done.returncode, flush=True)
"""


def names_asked_by(command):
    """Run a command where every question for a name comes to us; return these, and its end."""
    script = 'printf \'nameserver 127.0.0.1\\n\' > "$1" && mount --bind "$1" /etc/resolv.conf'
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run(
            ["unshare", "-rnm", "sh", "-euc", f'{script}; shift; exec "$@"', "sh", file.name,
             sys.executable, "-c", NAME_SERVER, *command],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line != "ended 1"]


@pytest.mark.parametrize(
    "arguments",
    [("info",), ("models", "list"), ("questions", "list"), ("report", "TAKE"), ("--help",)],
)
def test_the_other_commands_too(program, take, arguments):
    before = CUT_OFF if can_cut_off() else ()
    done = program(*(take if a == "TAKE" else a for a in arguments), before=before)
    assert done.code == 0, done.err


def test_a_play_list_does_not_fetch(mensetsu, tmp_path):
    """A recording is a file; what only names an address is not opened."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def serve():
            while not stop.is_set():
                try:
                    calls.append(server.accept()[1])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/take.ts"
        lists = {
            "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
            "b.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
            "c.ffconcat": f"ffconcat version 1.0\nfile '{url}'\n",
            "d.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
            "m=audio 5004 RTP/AVP 0\n",
        }
        try:
            for name, text in lists.items():
                (tmp_path / name).write_text(text, encoding="utf-8")
                done = mensetsu("analyse", tmp_path / name)
                assert done.code == 1, name
                assert len(done.err.splitlines()) == 1
            assert mensetsu("analyse", url).code == 1
        finally:
            stop.set()
            thread.join()
    assert calls == []


def test_only_one_function_can_fetch(packaged_models, program):
    """Without a network `models fetch` says so in one line and leaves nothing half-fetched."""
    if not can_cut_off():
        pytest.skip("no network name spaces here")
    done = program(
        "models", "fetch", "tiny", before=CUT_OFF, env={**os.environ, "HF_HUB_ETAG_TIMEOUT": "1"}
    )
    assert done.code == 1
    assert "could not be fetched" in done.err.splitlines()[-1]
    assert sorted(p.name for p in packaged_models.iterdir()) == ["base", "tiny.en"]
