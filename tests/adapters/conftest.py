"""What the tests of torch need: the module, and spandrel where the torchvision beside it cannot load its compiled part."""

import pytest


@pytest.fixture(scope="session")
def spandrel():
    """spandrel, or a skip with the reason."""
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")
    try:
        import spandrel
    except ImportError as error:
        pytest.skip(f"spandrel is not installed ({error}): pip install spandrel")
    except (
        RuntimeError,
        OSError,
    ):  # a torchvision built for another torch; its operators are not called here
        for name in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
        import spandrel
    return spandrel


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small pictures gain nothing from threads, and on a busy machine lose much."""
    try:
        import torch
    except ImportError:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
