"""Nothing keeps computing when a run is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

ROOT = Path(__file__).parents[2]
WAIT = Event()
#: A quarter of a second at a time; what is still there after so many never ends.
ROUNDS = 240
CODE = """
import os, sys, time
from derivations.processes import workers

def named(seconds):
    os.write(1, f"{os.getpid()}\\n".encode())  # at once, however the output is buffered
    time.sleep(seconds)

if __name__ == "__main__":
    with workers(2) as pool:
        list(pool.map(named, [3600, 3600]))
"""


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/status")
    return not status.exists() or "State:\tZ" not in status.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way there")
def test_workers_end_with_the_run_that_started_them(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(CODE, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    ) as run:
        assert run.stdout is not None
        try:
            found = [int(run.stdout.readline()) for _ in range(2)]
            assert len(set(found)) == 2
            assert all(map(is_running, found))
        finally:  # a run that is left is waited for
            run.send_signal(signal.SIGKILL)
            run.stdout.close()
    for _ in range(ROUNDS):
        if not any(map(is_running, found)):
            return
        WAIT.wait(0.25)
    pytest.fail(f"still running: {[p for p in found if is_running(p)]}")
