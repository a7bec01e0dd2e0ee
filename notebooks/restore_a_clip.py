# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Restore a clip
#
# **What do a few verbs bring back of a worn clip, and how do we know?**
#
# 100 s on two cores · 1.5 GiB of memory · downloads nothing
#
# A short film is made by code and worn in known ways: it weaves, it is dusty, small and noisy. From then on we treat it as a file that somebody
# sent us. At the end there is a restored file with its sound, a table that says how near it came to the truth, and the record from which it
# can be made again bit for bit.

# %%
from pathlib import Path

import av
import matplotlib.pyplot as plt
import numpy as np

import vidsr
from vidsr.functional import motion, warp
from vidsr.widgets.demo import reel

vidsr.show_versions()

# %% tags=["parameters"]
FOLDER = Path("restore-a-clip")  # the files go here
FRAMES = 24
SCALE = 2  # the worn clip is smaller by this
WEAVE = 1.0  # pixels RMS that the film moves in the gate
DUST = 0.01  # share of the picture covered
NOISE = 4  # standard deviation, of 255 levels
TOO_MUCH = 20  # noise of the clip on which it fails
GRAIN = 0.012  # put back at the end, signal
FRAME = 12  # the one we look at
SEED = 3

# %% [markdown]
# ## A worn clip
# `degrade` draws every random part from the seed and the place, so that what was done can be asked later. `like=` names a file that brings
# the sound along: here a black picture with a tone.

# %%
FOLDER.mkdir(exist_ok=True)
WORN, RESTORED = FOLDER / "worn.mp4", FOLDER / "restored.mp4"


def write_tone(path, seconds, rate=48_000):
    """A small black picture with a tone."""
    wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    with av.open(str(path), "w") as file:
        picture = file.add_stream("libx264", rate=24, width=64, height=64, pix_fmt="yuv420p")
        sound = file.add_stream("aac", rate=rate, layout="mono")
        for _ in range(round(seconds * 24)):
            file.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
        samples = av.AudioFrame.from_ndarray(wave[None].astype("float32"), format="fltp", layout="mono")
        samples.sample_rate, samples.pts = rate, 0
        for stream, last in ((sound, samples), (sound, None), (picture, None)):
            file.mux(stream.encode(last))
    return path


original = reel().isel(time=slice(0, FRAMES))
wear = {"scale": SCALE, "weave": WEAVE, "dust": DUST}
worn = vidsr.degrade(**wear, noise=NOISE / 255)(original, seed=SEED)
tone = write_tone(FOLDER / "tone.mp4", original.vid.duration)
vidsr.save(worn, WORN, like=tone, overwrite=True)
vidsr.probe(WORN)

# %% [markdown]
# ## Look at it
# Opening decodes nothing yet. A stack is an `xarray.DataArray`; `.vid` says what it is.

# %%
clip = vidsr.open(WORN)
clip.vid

# %%
vidsr.player(clip, frame=FRAME)

# %% [markdown]
# One line of the picture over time shows what a single frame cannot: still edges should be straight or slanted evenly. Here they
# tremble (weave), and dust flashes for a frame.


# %%
def strips(stacks, row):
    """One row of each stack over time, row in pixels of the file."""
    figure, axes = plt.subplots(
        1, len(stacks), figsize=(4.6 * len(stacks), 2.6), squeeze=False, layout="constrained"
    )
    for axis, (name, stack) in zip(axes[0], stacks.items(), strict=True):
        line = stack.sel(y=row, method="nearest").clip(0, 1)
        axis.imshow(line, aspect="auto", extent=(0, clip.sizes["x"], FRAMES - 0.5, -0.5))
        axis.set(title=name, xlabel="x [pixels of the file]", ylabel="frame")
    plt.show()


ROW = 118
strips({"worn": clip}, ROW)

# %% [markdown]
# ## The idea
# Dust lies for one frame. What it hides stands in the frames beside it, a little to the side: find by how much the picture moved, move the two
# neighbours onto the frame, and take their mean where the dust is. By hand, in ten lines, with `vidsr.functional`:

# %%
mask = vidsr.damage_mask(clip).compute()  # where dust lies, drawn again from the file's record
now, before, after = (clip.isel(time=[FRAME + k]).values for k in (0, -1, 1))
reach = 8
moved = []
for other in (before, after):
    shift = motion.shift_between(now, other)  # (dy, dx) pixels
    wide = np.pad(other, [(0, 0), *[(warp.margin(reach),) * 2] * 2, (0, 0)], mode="reflect")
    moved.append(warp.translate(wide, shift, limit=reach))
dusty = mask.isel(time=[FRAME]).values > 0
by_hand = np.where(dusty, sum(moved) / 2, now)

# %% [markdown]
# Was it right? The same wear without the dust, with the same seed, is what lies underneath. The verb does the same with four neighbours, leaves out
# those that are dusty themselves or disagree, and fills from the sides where none is left.

# %%
underneath = vidsr.degrade(**wear | {"dust": 0}, noise=NOISE / 255)(original, seed=SEED).values[[FRAME]]
by_verb = vidsr.pipeline(vidsr.inpaint(mask))(clip).isel(time=[FRAME]).values
hidden = np.broadcast_to(dusty, now.shape)
errors = {}
for name, picture in {"as it came": now, "by hand": by_hand, "vidsr.inpaint": by_verb}.items():
    errors[name] = 255 * np.sqrt(np.mean((picture - underneath)[hidden] ** 2))
    print(f"{name:14} {errors[name]:6.2f} levels RMS from what the dust hides")

# %% [markdown]
# ## The pipeline
# The order matters: dust first, because the mask lies on the picture as it stands; then the weave; then the noise, which the network would sharpen;
# grain last, as a finish. A pipeline is a value: `a | b` composes, and nothing has run yet.

# %%
clean = vidsr.inpaint(mask) | vidsr.stabilise(limit=reach) | vidsr.denoise()
finished = clean | vidsr.super_resolve(SCALE) | vidsr.regrain(GRAIN)
finished.explain(clip)

# %% [markdown]
# `explain` looked at the clip: it settled the noise's strength by measuring it, ran two blocks to time it, and says how far each result looks.
# The call is lazy, because the clip is, and a look at one frame computes only what that frame needs.

# %%
out = finished(clip, seed=SEED)
bicubic = vidsr.resize(SCALE)(clip)
truth = original.assign_coords(y=original.y / SCALE, x=original.x / SCALE)  # in pixels of the file
vidsr.show(clip, bicubic, out, truth, frame=FRAME, titles=["worn", "bicubic", "restored", "truth"])

# %%
result = out.compute()
strips({"worn": clip, "restored": result, "truth": truth}, ROW)

# %% [markdown]
# ## Measure it
# **Steadiness.** How far does each frame stand from where the original has it? Of the worn clip we know it from its record, of the result we
# measure it. What `stabilise` takes out is what is faster than the camera; a slow drift is left to the camera.

# %%
stands = {"worn": vidsr.drawn(clip)["weave"].values / SCALE}
ground = truth.values[:, ::SCALE, ::SCALE]
stands["restored"] = np.asarray(motion.shift_between(ground, result.values[:, ::SCALE, ::SCALE]))
figure, axes = plt.subplots(1, 2, figsize=(10, 2.8), sharey=True, layout="constrained")
jitter = {}
for name, path in stands.items():
    jitter[name] = float(np.sqrt(np.mean(np.diff(path, axis=0) ** 2)))
    for axis, line, way in zip(axes, path.T, ("down", "right"), strict=True):
        axis.plot(line, marker=".", label=name)
        axis.set(title=f"moved {way}", xlabel="frame")
        axis.grid(alpha=0.3)
axes[0].set(ylabel="pixels of the file")
axes[0].legend()
plt.show()
cut = 100 * (1 - jitter["restored"] / jitter["worn"])
print(
    f"from frame to frame: worn {jitter['worn']:.3f} pixels RMS, restored {jitter['restored']:.3f} ({cut:.0f} % less)"
)

# %% [markdown]
# **Nearness.** PSNR wants two pictures at the same place, and where a steadied picture should stand nobody can say. So the truth is
# the original under the same weave, steadied by the same verb. The first rows are what costs nothing; each row after them does one thing more.

# %%
steadied = vidsr.pipeline(vidsr.stabilise(limit=reach * SCALE))(
    vidsr.degrade(weave=WEAVE)(original, seed=SEED)
)
steadied = steadied.assign_coords(y=truth.y, x=truth.x)
cleaned = clean(clip, seed=SEED).compute()
free = {"worn, nearest": vidsr.resize(SCALE, kernel="nearest")(clip), "worn, bicubic": bicubic}
ours = {
    "cleaned, bicubic": vidsr.resize(SCALE)(cleaned),
    "cleaned, network": vidsr.super_resolve(SCALE)(cleaned),
    "and grain (finished)": result,
}
measures = ["psnr_y", "ssim_y", "flicker_residual", "flicker_warp", "flicker_brightness"]
report = vidsr.metrics.report(ours, steadied, baseline=free, metrics=measures, border=reach * SCALE)
report

# %% [markdown]
# The table sums up; here is every frame of it. Drag the line, press `?` for the keys; a click into a curve goes to its frame in both.

# %%
comparer = vidsr.compare(
    free["worn, bicubic"],
    ours["cleaned, network"],
    reference=steadied,
    names=["bicubic", "cleaned, network"],
    frame=FRAME,
)
comparer

# %%
vidsr.timeline(report[["psnr_y", "flicker_residual"]], comparer)

# %% [markdown]
# The grain costs PSNR and adds flicker, as it must: it is put there for the eye, and the record calls the result *generative* because of it. Leave
# `regrain` out, and it is *faithful*.
#
# ## Where it fails
# The same clip with more noise. What `denoise` leaves behind is no longer fine noise but soft blotches; the network was never shown any, takes
# them for picture and draws them sharper. Here bicubic is the better choice.

# %%
noisy_file = FOLDER / "noisy.mp4"
vidsr.save(vidsr.degrade(**wear, noise=TOO_MUCH / 255)(original, seed=SEED), noisy_file, overwrite=True)
noisy = vidsr.open(noisy_file)
cleaned_noisy = clean(noisy, seed=SEED).compute()
tries = {
    "cleaned, bicubic": vidsr.resize(SCALE)(cleaned_noisy),
    "cleaned, network": vidsr.super_resolve(SCALE)(cleaned_noisy),
}
failure = vidsr.metrics.report(
    tries,
    steadied,
    baseline={"worn, bicubic": vidsr.resize(SCALE)(noisy)},
    metrics=["psnr_y", "ssim_y"],
    border=reach * SCALE,
)
failure

# %%
vidsr.show(noisy, *tries.values(), steadied, frame=FRAME, titles=["noisy", *tries, "truth, steadied"])

# %% [markdown]
# There is more that this clip was kind about: its mask was known, its picture moves as one, and nothing in it is torn. Without a record a
# mask has to be drawn or found; objects that move by themselves are filled from the sides, not from their neighbours in time.
#
# ## Render, and make it again
# `render` works in segments with bounded memory, continues after an interruption, and takes the sound along.

# %%
finished.render(WORN, RESTORED, seed=SEED, overwrite=True, progress=False)
vidsr.probe(RESTORED)

# %%
opened = vidsr.open(RESTORED)
opened.vid

# %% [markdown]
# The file carries its record. With the same source and mask it makes the very same numbers, which an opened file cannot show (its pictures
# went through a codec) and the computed result can:

# %%
recorded = vidsr.Pipeline.from_provenance(opened, extras={"mask": mask})
print(recorded)
again = recorded(clip).compute()
is_same = np.array_equal(again, result)
print("bit for bit the same:", is_same)

# %% [markdown]
# ## Asserts
# What this page says, held against its own figures, with room for other machines.

# %%
psnr = report["psnr_y"].mean("time").to_series()
flicker = np.sqrt((report["flicker_residual"] ** 2).mean("time")).to_series()
assert errors["vidsr.inpaint"] < errors["as it came"] / 4 and errors["by hand"] < errors["as it came"] / 2
assert jitter["restored"] < jitter["worn"] / 5
assert (
    psnr["worn, nearest"]
    < psnr["worn, bicubic"]
    < psnr["cleaned, bicubic"] - 5
    < psnr["cleaned, network"] - 5.5
)
assert psnr["and grain (finished)"] < psnr["cleaned, network"]
assert flicker["cleaned, network"] < flicker["worn, bicubic"] / 3
failed = failure["psnr_y"].mean("time").to_series()
assert failed["worn, bicubic"] < failed["cleaned, network"] < failed["cleaned, bicubic"]
assert result.vid.fidelity == "generative" and cleaned.vid.fidelity == "faithful"
assert opened.sizes == result.sizes and opened.attrs["file_tracks"].startswith("audio")
assert is_same

# %% [markdown]
# ## Sources
# Every verb names its own: `help(vidsr.stabilise)`. The network is `zoo/sr-compact-x2/README.md`, with data, licence and figures on
# photographs. How results stay the same however a clip is cut: `docs/architecture.md`.
#
# Next: `tutorials/01_interpolation_and_learning`, what a network adds to interpolation, and where it does not.
