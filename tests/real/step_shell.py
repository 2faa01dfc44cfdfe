"""What act starts instead of bash or sh: the real shell, without a terminal, and with none of its last words lost.

act gives steps a terminal, which the real runner does not, and stops reading it as soon as a step fails, so that
the very lines that say why can be missing. Here a step writes into a pipe; after a failure this program prints a
mark and waits until act has written that mark to its own log.

Arguments: the real shell, then its arguments. ACT_LOG names act's log, ACT_SHELLS the folder of these stand-ins;
shells that a step starts itself see neither and are the real ones.
"""

import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

MARK = "step-shell-drained-"
SECONDS = 10


def main() -> int:
    log = os.environ.pop("ACT_LOG", "")
    own = os.environ.pop("ACT_SHELLS", "")
    os.environ["PATH"] = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != own)
    if not log:
        os.execv(sys.argv[1], sys.argv[1:])
    source, sink = os.pipe()
    step = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    os.close(sink)
    last = bytearray(b"\n")
    copier = threading.Thread(target=copy, args=(source, last), daemon=True)
    copier.start()
    code = step.wait()
    # A process that the step left behind may hold the pipe; the real runner does not wait for it either.
    copier.join(SECONDS)
    if code:
        mark = f"{MARK}{uuid.uuid4().hex}".encode()
        os.write(1, (b"" if last == b"\n" else b"\n") + mark + b"\n")
        wait_for(mark, log)
    return code if code >= 0 else 128 - code


def copy(source: int, last: bytearray) -> None:
    while chunk := os.read(source, 65536):
        last[:] = chunk[-1:]
        while chunk:
            chunk = chunk[os.write(1, chunk) :]


def wait_for(mark: bytes, log: str) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if mark in Path(log).read_bytes():
            return
        time.sleep(0.01)


if __name__ == "__main__":
    code = main()
    os._exit(code)
