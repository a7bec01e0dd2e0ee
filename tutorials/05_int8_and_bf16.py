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
# # 5 · INT8 and bf16
#
# **A network can be run with numbers of 8 bits instead of 32. Is it then three to four times as fast, and is barely anything lost?**
#
# 40 s on two cores · 1 GiB of memory · downloads nothing
#
# As in every lesson: a **claim** that is often heard; a **method**, with the rule that will decide, written down before anything is
# measured; an **experiment**; and a **verdict** that the code prints from its own figures: *confirmed*, *refuted*, or *not decided
# at this scale*. An **exercise** follows, with its answer at the end.
#
# The engine is OpenVINO (`pip install 'vidsr-toolkit[fast]'`). Speed is a matter of the processor: the page says on which one it was made, and on another the
# verdicts may differ. Without the engine it measures nothing and says so.

# %%
import dataclasses
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cbook

import vidsr
from vidsr.adapters import engines
from vidsr.bench import footage
from vidsr.errors import DomainWarning
from vidsr.train import measure

warnings.simplefilter("ignore", DomainWarning)  # drawings are no photographs
vidsr.show_versions()
HAS_ENGINE = engines.is_installed("openvino")
print(
    f"\nOpenVINO: {'there' if HAS_ENGINE else 'absent, nothing will be measured: ' + engines.INSTALL}"
    f"\nproducts of bf16 in hardware (AMX): {engines.has_tiles()}; of 8 bits (VNNI): {engines.has_dot_products()}"
)

# %% tags=["parameters"]
NETWORKS = ("sr-tiny-x4", "sr-small-x4", "sr-compact-x2")  # of the zoo
SIZE = (180, 320)  # rows and columns of the frame that is timed
ROUNDS = 8  # the least of so many is the time
FRAMES = 3  # of each clip
SIDE = 240  # pixels a side of the middles of still pictures
SEED = 0

# %% [markdown]
# ## The idea
# Between two layers of a network stand numbers such as 0.7312. In **INT8** each is the nearest of 256 even steps between the least and the greatest that
# were ever seen there; sixty-four products of such numbers fit into one instruction, where sixteen of f32 do. Weights are rounded as well, with steps of their
# own for every output channel. The least and the greatest are measured once, on a clip: that is **calibration**, and `vidsr.quantise` does it. **bf16** is f32 with its last
# sixteen digits cut off: it keeps the whole range, needs no calibration, and has three decimal digits left.
#
# ## The material
# Where the folder of test sets is (`VIDSR_BENCH`): calibrated on the middles of ten photographs of B100, measured on the middles of Set14 and on two clips.
# Elsewhere: calibrated on discs that hide one another and texture with a photograph's spectrum, drawn by code; measured on a face and on others of their kind.


# %%
def discs(draw, side):
    rows, columns = np.mgrid[:side, :side] + 0.5 - side / 2
    picture = np.full((side, side, 3), 0.5)
    for _ in range(400):
        y, x = draw.uniform(-side / 2, side / 2, 2)
        radius = 3 / np.sqrt(1 - draw.uniform(0, 0.996))  # small ones are many
        cover = np.clip(radius - np.hypot(rows - y, columns - x) + 0.5, 0, 1)[..., None]
        picture += cover * (draw.uniform(0, 1, 3) - picture)
    return picture


def texture(draw, side):
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    spectrum = np.fft.rfft2(draw.standard_normal((side, side))) / np.maximum(frequency, 1 / side)
    shape = np.fft.irfft2(spectrum, s=(side, side))
    return np.clip(0.5 + 0.2 * shape / shape.std(), 0, 1)[..., None] * (0.9, 1.0, 0.8)


def eight_bits(stack):
    return stack.copy(data=np.round(np.clip(stack.values, 0, 1) * 255).astype(np.float32) / 255)


def stack_of(pictures):
    return eight_bits(vidsr.stack(np.asarray(pictures, np.float32), fps=25))


def drawn(seed, side=SIDE, count=4):
    draw = np.random.default_rng(seed)
    return {make.__name__: stack_of([make(draw, side) for _ in range(count)]) for make in (discs, texture)}


def middle(picture, side=SIDE):
    top, left = ((size - side) // 2 for size in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def clip_of(name):
    frames = footage.frames(name, FRAMES)
    height, width = (size // 4 * 4 for size in frames.shape[1:3])
    return stack_of(frames[:, :height, :width])


bench = measure.bench_folder()
if bench:
    pairs = measure.published_pairs(bench, "Set14", 4)
    truths = {"Set14": stack_of([middle(high / 255) for high in pairs.high])}
    truths |= {name: clip_of(name) for name in ("calendar", "park_joy")}
    photographs = measure.published_pairs(bench, "B100", 4).high[::10]
    seen = {"B100": stack_of([middle(high / 255) for high in photographs])}
else:
    face = plt.imread(cbook.get_sample_data("grace_hopper.jpg")) / 255
    truths = {"face": stack_of([middle(face)]), **drawn(SEED + 1)}
    seen = drawn(SEED)
print({name: stack.shape for name, stack in truths.items()})
vidsr.show(*(stack[:1] for stack in (*seen.values(), *truths.values())), titles=[*seen, *truths])


# %%
def small_of(stack, scale):
    return eight_bits(vidsr.resize(1 / scale)(stack))


calibration = {scale: small_of(vidsr.concat(list(seen.values())), scale) for scale in (2, 4)}
scales = {name: vidsr.hub.load(name).scale for name in NETWORKS}
networks = {name: vidsr.quantise(name, calibration=calibration[scales[name]]) for name in NETWORKS}
for layer, low, high in networks["sr-tiny-x4"].ranges:
    print(f"{layer:8}{low:8.2f} .. {high:.2f}   in steps of {(high - low) / 255:.4f}")

# %% [markdown]
# The first layer is given signal, and its steps are those of 8-bit pictures: nothing is lost there. Behind it ranges grow to several times that of signal,
# and steps with them.
#
# ## Claim 1: INT8 is three to four times as fast
# **Method.** CPU time of one frame in the network alone, the least of several rounds, in which the precisions take turns; the same engine, the same
# machine. The ratio f32 to INT8 of each of the three networks. *Confirmed* if all are 3 or more, *refuted* if all are less.
#
# ## Claim 2: barely anything is lost
# **Method.** PSNR-Y against the truth, of the whole step, rounded to 8 bits; on three materials, for three networks; f32 less INT8. Barely anything is
# 0.05 dB, which nobody sees. *Confirmed* if no loss is above 0.05 dB, *refuted* if one is above 0.1 dB.
#
# ## Claim 3: bf16 gives the same without calibration
# **Method.** The same figures. *Confirmed* if with every network bf16 is as fast as INT8 or faster, and loses no more than 0.05 dB; *refuted* if it is
# slower with every one, or loses more than 0.1 dB somewhere.
#
# ## Claim 4: the first and the last layer have to stay in f32
# Often heard, since they meet the picture itself. **Method.** INT8 with those layers left in f32, on all materials and networks: mean of what it gains in
# PSNR-Y. *Confirmed* at 0.02 dB or more, *refuted* below.

# %%
verdicts = {}
UNMEASURED = "not measured, OpenVINO is absent"
ENDS = ("head", "tail", "colour")  # the first layer, and the last: of luma and of colour


def decide(claim, confirmed, refuted):
    verdicts[claim] = "confirmed" if confirmed else "refuted" if refuted else "not decided at this scale"
    if not HAS_ENGINE:
        verdicts[claim] = UNMEASURED
    print(f"Verdict on claim {claim}: {verdicts[claim]}")


def ends_left(net):
    return dataclasses.replace(net, ranges=tuple(entry for entry in net.ranges if entry[0] not in ENDS))


def times_of(net):
    """CPU milliseconds of a frame by precision: one frame through the network, least of the rounds."""
    held = engines.Net(net.graphdef, net.params, net.sha256, net.ranges)
    runs = {precision: engines.network("openvino", precision, held) for precision in ("f32", "bf16", "int8")}
    frame = np.random.default_rng(SEED).random((1, *SIZE, 3), np.float32)
    least = dict.fromkeys(runs, np.inf)
    for number in range(ROUNDS + 1):
        for precision, run in runs.items():
            start = time.process_time()
            run(frame)
            if number:  # the first compiles
                least[precision] = min(least[precision], 1000 * (time.process_time() - start))
    return least


taken = {name: times_of(net) for name, net in networks.items()} if HAS_ENGINE else {}
ratios = {name: {way: row["f32"] / row[way] for way in row} for name, row in taken.items()}
print(f"{'CPU ms a frame':16}{'f32':>8}{'bf16':>8}{'int8':>8}{'bf16':>10}{'int8':>8}  times as fast as f32")
for name, row in taken.items():
    cells = "".join(f"{row[way]:8.1f}" for way in row)
    print(f"{name:16}{cells}{ratios[name]['bf16']:10.2f}{ratios[name]['int8']:8.2f}")
print()
speeds = [row["int8"] for row in ratios.values()]
decide("1", all(speed >= 3 for speed in speeds), all(speed < 3 for speed in speeds))


# %%
def quality(name, net, precision):
    """PSNR-Y of the whole step by material."""
    step = vidsr.super_resolve(net.scale, model=net)
    pipe = vidsr.pipeline(step, engine="openvino", precision=precision)
    return {
        what: float(
            vidsr.metrics.psnr(
                eight_bits(pipe(small_of(truth, net.scale))), truth, space="luma", border=net.scale
            ).mean()
        )
        for what, truth in truths.items()
    }


WAYS = ("bf16", "int8", "int8, ends f32")
losses = {}
if HAS_ENGINE:
    for name, net in networks.items():
        exact = quality(name, net, "f32")
        others = quality(name, net, "bf16"), quality(name, net, "int8"), quality(name, ends_left(net), "int8")
        for what in truths:
            losses[name, what] = [exact[what] - other[what] for other in others]
print(f"{'lost, dB PSNR-Y':28}" + "".join(f"{way:>16}" for way in WAYS))
for (name, what), row in losses.items():
    print(f"{name + ' on ' + what:28}" + "".join(f"{lost:16.3f}" for lost in row))
print()
of_bf16, of_int8, of_ends = np.reshape(list(losses.values()), (-1, 3)).T
decide("2", np.all(of_int8 <= 0.05), np.any(of_int8 > 0.1))
pace = [row["bf16"] / row["int8"] for row in ratios.values()]
decide(
    "3",
    min(pace, default=0) >= 1 and np.all(of_bf16 <= 0.05),
    max(pace, default=0) < 1 or np.any(of_bf16 > 0.1),
)
gain = np.mean(of_int8 - of_ends) if HAS_ENGINE else 0.0
print(f"leaving the ends in f32 gains {gain:.3f} dB on the mean")
decide("4", gain >= 0.02, gain < 0.02)

# %%
figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
for way, place, colour in (("bf16", 0, "tab:blue"), ("int8", 1, "tab:red")):
    for name in ratios:
        lost = [row[place] for (network, _), row in losses.items() if network == name]
        axis.plot([ratios[name][way]] * len(lost), lost, "o", color=colour)
        axis.annotate(name, (ratios[name][way], max(lost)), fontsize="x-small", rotation=30)
    axis.plot([], [], "o", color=colour, label=f"{way}, a dot for each material")
axis.axvspan(3, 4, color="tab:green", alpha=0.12, label="as claimed: 3 to 4 times")
axis.axhline(0.05, color="black", linestyle="--", linewidth=0.8, label="barely anything: 0.05 dB")
axis.axvline(1, color="black", linewidth=0.6)
axis.set(xlabel="times as fast as f32", ylabel="lost [dB PSNR-Y]", title="Speed and loss beside f32")
axis.grid(alpha=0.3)
axis.legend(fontsize="small", loc="upper left")
plt.show()

# %% [markdown]
# ## See it
# What INT8 changes in a result, twenty times enlarged in contrast around grey: a level or less in flat places, in a pattern of the enlargement's
# own squares, and more along edges.

# %%
if HAS_ENGINE:
    what = next(reversed(truths))
    small = small_of(truths[what][:1], 4)
    net = networks["sr-small-x4"]
    step = vidsr.super_resolve(4, model=net)
    exact, rounded = (vidsr.pipeline(step, engine="openvino", precision=p)(small) for p in ("f32", "int8"))
    shown = exact.copy(data=np.clip(0.5 + 20 * (rounded.values - exact.values), 0, 1))
    vidsr.show(exact, rounded, shown, titles=["f32", "int8", "20 x the difference"])
    difference = np.abs(rounded.values - exact.values)
    print(
        f"mean difference {255 * difference.mean():.2f}, greatest {255 * difference.max():.0f} of 255 levels"
    )
    print({k: v for k, v in rounded.vid.provenance["steps"][0].items() if k not in ("ranges", "sha256")})

# %% [markdown]
# The record of a result holds the engine, the precision and the ranges, besides the hash of the weights: it can be repeated bit for bit without the clip
# that calibrated.
#
# ## What was found

# %%
CLAIMS = {
    "1": "INT8 is three to four times as fast as f32",
    "2": "barely anything is lost",
    "3": "bf16 gives the same without calibration",
    "4": "the first and the last layer have to stay in f32",
}
for number, claim in CLAIMS.items():
    print(f"{number}  {claim:52} {verdicts[number]}")

# %% [markdown]
# The speed that is advertised is that of wide layers: what is not a product, such as rounding, slopes and writing sixteen pixels for each, takes its time in any precision, and a narrow
# network has more of it. INT8 loses little, and yet more than bf16, which loses next to nothing and needs no clip. Which of the two is faster is the processor's: bf16 where matrices of it
# are multiplied in hardware (AMX); elsewhere it may be slower than f32, and INT8 is the fast way. `engine="auto"` never takes INT8 by itself: what it
# loses hangs on the calibration, which only its user knows.
#
# **What limits these figures.** Three small networks of one family. Time is that of the network alone; reading, bounds and writing come on top, the same for all. Rounding is the plainest
# kind: even steps from least to greatest of one layer. A step for each channel, or training with rounding in the loop, would lose less; neither was tried here.
#
# ## Exercise
# Calibrate `sr-small-x4` on the same pictures at a fifth of their brightness, and measure it on the first material. How much is lost? Write down what you expect, and why, before you run
# it. The answer is in the last cell.

# %% [markdown]
# ## Asserts
# What this page says in words, held against its own figures, with room for other machines.

# %%
assert all(
    min(low, -high) < 0 and {"head", "tail"} <= {layer for layer, _, _ in net.ranges}
    for net in networks.values()
    for _, low, high in net.ranges
)
assert set(verdicts) == set(CLAIMS)
if HAS_ENGINE:
    assert np.abs(of_bf16).max() < 0.03 and of_int8.max() < 0.3 and of_int8.mean() > of_bf16.mean()
    assert abs(gain) < 0.05 and rounded.vid.provenance["steps"][0]["precision"] == "int8"
    again = vidsr.Pipeline.from_provenance(rounded)(small)
    assert np.array_equal(again.values, rounded.values)
else:
    assert set(verdicts.values()) == {UNMEASURED}

# %% [markdown]
# ## Sources
# - R. Krishnamoorthi, Quantizing deep convolutional networks for efficient inference: a whitepaper, 2018 (even steps, one for each output channel).
# - Whole sets, other networks and ONNX Runtime: `python benchmarks/int8.py`.
#
# ## Answer to the exercise

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["answer"]
if HAS_ENGINE:
    what = next(iter(truths))
    dim = calibration[4].copy(data=calibration[4].values / 5)
    dark = vidsr.quantise("sr-small-x4", calibration=dim)
    lost = quality("", networks["sr-small-x4"], "f32")[what] - quality("", dark, "int8")[what]
    print(f"{lost:.2f} dB on {what}, where the right calibration loses {losses['sr-small-x4', what][1]:.3f}")
print(
    "The first layer still takes all signal, but behind it whatever is brighter than the calibration was is cut off at its ranges. "
    "Rounding costs little; a range that is too narrow costs the picture. Calibrate on material as bright and as contrasted as what will come."
)
