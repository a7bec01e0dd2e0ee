"""A record makes the same bits again in another process: two passes, draws and a causal step in one pipeline."""

import subprocess
import sys

import numpy as np

from tests.laws import clips
from vidsr.transforms.degrade import Noise
from vidsr.transforms.denoise import CausalDenoise
from vidsr.transforms.pipeline import pipeline
from vidsr.transforms.stabilise import Stabilise

AGAIN = """
import sys
import numpy as np
import vidsr
from tests.laws import clips

stack = clips.clip(tuple(map(int, sys.argv[2:])))
done = stack.vid.assign(provenance=open(sys.argv[1] + "/record.json").read())
again = vidsr.Pipeline.from_provenance(done)(stack)
print(np.array_equal(again.values, np.load(sys.argv[1] + "/out.npy")))
"""


def test_in_a_new_process(tmp_path):
    shape = (4, 24, 33, 1)
    chain = pipeline(Stabilise(limit=3), Noise(sigma=0.03), CausalDenoise(search=1))  # sigma is settled, too
    out = clips.in_blocks(chain, 3)(clips.clip(shape), seed=7)
    np.save(tmp_path / "out.npy", out.values)
    (tmp_path / "record.json").write_text(out.attrs["provenance"])
    ran = subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path), *map(str, shape)], capture_output=True, text=True
    )
    assert ran.stdout.strip() == "True", ran.stderr
