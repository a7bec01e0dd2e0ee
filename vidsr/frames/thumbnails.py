"""A few small pictures of a stack, for a notebook."""

import base64
import io
from html import escape

import numpy as np
import xarray as xr

HEIGHT = 96  # rows of a picture
LARGEST = 30_000  # bytes of all of them together
QUALITIES = (85, 70, 50, 30)  # of JPEG, tried in turn
CODED = ("pq", "hlg", "linear")  # transfers that a display for SDR shows wrongly


class Thumbnails:
    """Frames spread over a stack, small; shows as pictures in a notebook. Only these frames are computed."""

    def __init__(self, stack: xr.DataArray, count: int):
        places = sorted({round(k) for k in np.linspace(0, stack.sizes["time"] - 1, max(count, 1))})
        self.names = [f"frame {int(stack['frame'][k])}, {float(stack['time'][k]):.3f} s" for k in places]
        self.note = (
            f"{stack.attrs['transfer']} values as coded" if stack.attrs.get("transfer") in CODED else ""
        )
        self.pictures = _packed([np.asarray(stack.isel(time=k).values) for k in places])

    def __repr__(self) -> str:
        return f"thumbnails of {'; '.join(self.names)}"

    def _repr_html_(self) -> str:
        shown = "".join(
            f'<figure style="display:inline-block;margin:2px"><img alt="{name}" '
            f'src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}"><figcaption><small>{name}</small>'
            "</figcaption></figure>"
            for name, picture in zip(map(escape, self.names), self.pictures, strict=True)
        )
        return f"<div>{shown}{f'<div><small>{escape(self.note)}</small></div>' if self.note else ''}</div>"


def _packed(frames: list[np.ndarray]) -> list[bytes]:
    """JPEGs that are together no larger than `LARGEST`, or at the lowest quality."""
    for quality in QUALITIES:
        packed = [_jpeg(frame, quality) for frame in frames]
        if sum(map(len, packed)) <= LARGEST:
            break
    return packed


def _jpeg(frame: np.ndarray, quality: int) -> bytes:
    from PIL import Image

    coded = np.rint(np.nan_to_num(frame).clip(0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(coded[..., 0] if coded.shape[-1] == 1 else coded)
    if picture.height > HEIGHT:
        size = (max(round(picture.width * HEIGHT / picture.height), 1), HEIGHT)
        picture = picture.resize(size, Image.Resampling.BOX)
    out = io.BytesIO()
    picture.save(out, "jpeg", quality=quality)
    return out.getvalue()
