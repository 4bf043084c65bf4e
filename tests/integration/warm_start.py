"""``mmext`` and ``python`` without their seconds of importing: forks of one process.

``python -m tests.integration.warm_start SOCKET`` imports everything, says so, and from
then on runs what it is asked for in a fork of itself, with the words, the folder, the
environment and the streams of whoever asks (:func:`install`).
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from .shortened import shortened

#: Set in the environment of commands that are to be :mod:`.shortened`.
SHORTENED = "MMEXT_TESTS_SHORTENED"
#: What programs need, as far as it is installed, and what starts no thread.
_IMPORTED = (
    *("mmseg.models", "matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    *("geopandas", "rasterio.features", "yapf", "onnxscript", "torch.onnx"),
    *("torch._dynamo.convert_frame", "mmengine.runner", "torch.distributed.run"),
    *("mmext.engine.train", "mmext.doctor", "mmext.mapping.many_scenes"),
    *("mmext.study.reproduce", "mmext.reporting.segmentation", "mmext.mapping.merge"),
    *("mmext.inference.backends", "mmext.synthetic.farmland", "mmext.cli.prepare"),
)
_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
    asked = json.dumps([words, os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [asked.encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.makefile().read() or 1))
"""
_LONGEST = 1 << 20
_ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def warm(folder: Path) -> Iterator[Path]:
    """Have programs ``mmext`` and ``python`` that start at once.

    Args:
        folder: Empty; its path is short, since it holds a socket.

    Yields:
        The folder that holds them, for ``PATH``.
    """
    address, programs = str(folder / "socket"), folder / "bin"
    programs.mkdir()
    for name in ("mmext", "python"):
        program = programs / name
        program.write_text(_CLIENT.format(python=sys.executable, address=address))
        program.chmod(0o755)
    command = [sys.executable, "-m", __name__, address]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # read when torch is imported
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment, cwd=_ROOT
    ) as server:
        try:
            assert server.stdout and server.stdout.readline() == b"ready\n"
            yield programs
        finally:
            server.kill()


def _serve(address: str) -> None:
    for name in _IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A fork looks through none of it, and so shares it.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        os.write(1, b"ready\n")
        while True:
            asked, _ = server.accept()
            if os.fork() == 0:
                break
            asked.close()
    _end(_run, _program(asked))


def _program(asked: socket.socket) -> list[str]:
    """Fork once more: one says how the other, in which this returns, has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A job in the background has been told to ignore it, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    message, streams, _, _ = socket.recv_fds(asked, _LONGEST, 3)
    while more := asked.recv(_LONGEST):
        message += more
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(OSError):  # whoever asked may be gone
            asked.sendall(str(status if status >= 0 else 128 - status).encode())
        os._exit(0)
    asked.close()
    for own, given in enumerate(streams):
        os.dup2(given, own)
        os.close(given)
    words, place, environment = json.loads(message)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    added = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [str(Path(folder).resolve()) for folder in added if folder]
    return words


def _run(words: list[str]) -> None:
    # Whatever it starts is warm, too.
    sys.executable = shutil.which("python") or sys.executable
    program, *rest = words
    fitted = shortened if SHORTENED in os.environ else list
    if program == "mmext":
        from mmext.cli.app import main

        sys.argv = ["mmext", *fitted(rest)]
        main()
        return
    if rest[0] == "-u":
        del rest[0]
    if rest[0] == "-m":
        sys.argv = fitted(rest[1:])
        sys.modules.pop(rest[1], None)
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
    else:
        script = Path(rest[0])
        if script.parent.name == "tools":  # mmext by another name
            rest[1:] = fitted([script.stem, *rest[1:]])[1:]
        sys.argv = rest
        runpy.run_path(rest[0], run_name="__main__")


def _end(run: Callable[[list[str]], None], words: list[str]) -> None:
    """Run something and end as Python does, but without clearing up what is shared."""
    status = 0
    try:
        run(words)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve(sys.argv[1])
