"""The two ends of `warm_dvc`: `forked_dvc.py SOCKET WORDS...` asks, `forked_dvc.py --serve SOCKET` forks."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import socket
import sys

# What `dvc repro` and `dvc pull` import.
PRELOADED = (
    "configobj",
    "dulwich.ignore",
    "dulwich.index",
    "dulwich.worktree",
    "dvc.cachemgr",
    "dvc.cli.parser",
    "dvc.commands.data_sync",
    "dvc.commands.repro",
    "dvc.data_cloud",
    "dvc.lock",
    "dvc.daemon",
    "dvc.repo.artifacts",
    "dvc.repo.brancher",
    "dvc.repo.datasets",
    "dvc.repo.graph",
    "dvc.repo.index",
    "dvc.repo.metrics",
    "dvc.repo.open_repo",
    "dvc.repo.params",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "dvc.repo.stage",
    "dvc.repo.trie",
    "dvc.rwlock",
    "dvc.scm",
    "dvc.utils.strictyaml",
    "dvc_data.hashfile.db.local",
    "dvc_data.hashfile.status",
    "dvc_data.index.checkout",
    "dvc_data.index.fetch",
    "fsspec.implementations.memory",
    "networkx",
    "platformdirs.unix",
    "psutil",
    "rich.console",
    "ruamel.yaml",
    "scmrepo.git",
)


def ask(address, words):
    """Have one command run with the streams, the folder and the environment of this process; its exit code."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(address)
        place = os.getcwd()  # noqa: PTH109 - importing pathlib is most of what this program would cost
        told = json.dumps({"words": words, "cwd": place, "env": dict(os.environ)}).encode()
        socket.send_fds(wire, [f"{len(told):8d}".encode()], [0, 1, 2])
        wire.sendall(told)
        return int(wire.recv(8) or b"1")


def serve(address):
    """Answer until standard input ends."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(8)  # who comes early waits
        print("open", flush=True)
        for name in PRELOADED:
            importlib.import_module(name)
        _keep_parser()
        gc.freeze()  # the forks share these pages then
        while door in select.select([door, sys.stdin], [], [])[0]:
            wire, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(wire)
            wire.close()
            _reap(os.WNOHANG)
    _reap(0)


def _keep_parser():
    """Its words for all commands are made once."""
    from dvc.cli import parser

    made = parser.get_main_parser()
    parser.get_main_parser = lambda: made


def _reap(how):
    try:
        while os.waitpid(-1, how)[0]:
            pass
    except ChildProcessError:
        pass


def _answer(wire):
    """One more fork becomes DVC, so that its end is complete before anybody hears of it."""
    length, streams, _, _ = socket.recv_fds(wire, 8, 3)
    told = b""
    while len(told) < int(length):
        told += wire.recv(int(length) - len(told))
    child = os.fork()
    if child == 0:
        wire.close()
        _become(streams, **json.loads(told))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    wire.sendall(str(code if code >= 0 else 128 - code).encode())
    os._exit(0)


def _become(streams, words, cwd, env):
    from dvc.cli import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["dvc", *words]
    try:
        code = main(words)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # what else Python does at its end is to take thousands of modules apart


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
