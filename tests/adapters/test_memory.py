"""Arrays that two libraries hold at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")


def test_jax_to_torch_is_the_same_memory():
    x = jnp.arange(24.0).reshape(2, 3, 4)
    tensor = vidsr.torch.to_torch(x)
    assert tensor.data_ptr() == x.unsafe_buffer_pointer() and tensor.shape == x.shape
    assert vidsr.torch.to_torch(tensor) is tensor
    del x
    assert float(tensor.sum()) == 276  # kept alive by the tensor


def test_torch_to_jax_is_the_same_memory():
    tensor = torch.rand(64, 16)
    x = vidsr.torch.to_jax(tensor)
    assert isinstance(x, jax.Array) and x.unsafe_buffer_pointer() == tensor.data_ptr()
    np.testing.assert_array_equal(x, tensor.numpy())


def test_there_and_back():
    x = jax.random.uniform(jax.random.key(0), (3, 5, 7, 3))
    again = vidsr.torch.to_jax(vidsr.torch.to_torch(x))
    assert again.unsafe_buffer_pointer() == x.unsafe_buffer_pointer()


def test_numpy_and_stacks_share_too():
    values = np.random.default_rng(0).random((2, 4, 5, 3), np.float32)
    tensor = vidsr.torch.to_torch(values)
    values[0] = 7
    assert tensor[0].eq(7).all()
    stack = vidsr.stack(values / 7, fps=25)
    assert vidsr.torch.to_torch(stack).data_ptr() == stack.data.ctypes.data
    np.testing.assert_array_equal(vidsr.torch.to_torch(stack.chunk(time=1)).numpy(), stack.values)
    values.flags.writeable = False
    assert vidsr.torch.to_torch(values).data_ptr() != values.ctypes.data


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(65.0)[1:],
        torch.rand(4, 6).t(),
        torch.rand(3, requires_grad=True),
        torch.rand(4, 6)[:, ::2],
    ],
    ids=["starts anywhere", "turned", "with gradient", "every second"],
)
def test_what_cannot_be_shared_is_copied_right(tensor):
    np.testing.assert_array_equal(vidsr.torch.to_jax(tensor), tensor.detach().numpy())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "uint8", "bool"])
def test_types_are_kept(dtype):
    x = jnp.ones(3, dtype)
    tensor = vidsr.torch.to_torch(x)
    assert str(tensor.dtype) == f"torch.{dtype}" and vidsr.torch.to_jax(tensor).dtype == x.dtype


def test_what_is_no_array():
    with pytest.raises(RecipeError, match=r"a list is no array.*to_torch\(stack\.values\)"):
        vidsr.torch.to_torch([1, 2])
    with pytest.raises(RecipeError, match=r"no tensor.*vidsr\.torch\.params"):
        vidsr.torch.to_jax(np.zeros(2))
