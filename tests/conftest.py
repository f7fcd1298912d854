"""One thread for every test, as on the server; the shelf of cards."""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what a shell starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported
# Read when gradio is: two processes of tests that look for a free port must not find the same.
os.environ.setdefault(
    "GRADIO_SERVER_PORT", f"{79 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}60"
)

import pytest
import torch
from lively import tiny_pixelcnn

from genlab import cli
from genlab.store import ModelStore

torch.set_num_threads(1)


@pytest.fixture
def tiny():
    """A lively binary PixelCNN on 6×6 images."""
    return tiny_pixelcnn()


@pytest.fixture
def store():
    """A fresh store of the shipped cards: nothing that an earlier test did is in it."""
    return ModelStore()


@pytest.fixture
def run_cli(capsys):
    """Runs a command line; returns its exit code, standard output and standard error."""

    def run_main(*arguments):
        try:
            code = cli.main([str(each) for each in arguments])
        except SystemExit as stop:  # argparse's own refusals
            code = stop.code
        return code, *capsys.readouterr()

    return run_main
