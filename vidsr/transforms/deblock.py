"""deblock: take out what a codec put in."""

import os

from vidsr.transforms.frame_net import FrameNet, frame_net


def deblock(model: str | os.PathLike, *, strength: float = 1.0) -> FrameNet:
    """Take the blocks and the ringing of a codec out of every frame by a network trained on distortion: faithful.

    The zoo ships no network for this verb yet; `vidsr train zoo/deblock-small` makes one, trained on frames decoded from
    H.264, MPEG-2 and MJPEG at the size they were coded in. Each frame is treated alone. It is unable to bring back what the
    codec lost for good, and to help where frames were resized after coding; a clean clip is better left alone.

    Args:
      model: the folder of a network for this verb, or its zoo id.
      strength: 0 leaves the clip as it is, 1 is the full result; between, a blend of the two.

    Raises:
      RecipeError: no such network, one for another verb, or weights that fail their checks. StackError, when it meets a
        stack: HDR or linear signal, interlaced frames.
    """
    return frame_net(model, "deblock", strength=strength)
