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
# # 6 · What an hour of 4K costs
#
# **Is it 500 GPU hours to restore an hour of 4K, and what would a network have to do to need them?**
#
# 20 s on two cores · 1 GiB of memory · downloads nothing
#
# As in every lesson: a **claim** that is often heard; a **method**, with the rule that will decide, written down before anything is
# measured; an **experiment**; and a **verdict** that the code prints from its own figures: *confirmed*, *refuted*, or *not decided
# at this scale*. An **exercise** follows, with its answer at the end.
#
# The claims: restoring an hour of 4K takes about 500 hours of a GPU, and a chip made for the task is five times better. Hours depend on the network, the device and
# on how well the one keeps the other busy. Operations do not: they can be counted on any machine, to the last multiplication. So this page counts,
# measures what it can measure here, and holds both against what makers say of their chips. No GPU is needed.

# %%
import jax
import matplotlib.pyplot as plt
import numpy as np

import vidsr
from vidsr import hub, models
from vidsr.transforms.devices import DEVICES

vidsr.show_versions()

# %% tags=["parameters"]
FRAMES = 86_400  # an hour at 24 frames a second
SIZE = (3840, 2160)  # of what comes out
CLAIMED = 500  # GPU hours
GPUS = ("H100", "A100", "L4")  # to hold the claim against
SHARES = (0.1, 0.4)  # of its peak that a GPU keeps up: a poor program and a good one
SEED = 0

# %% [markdown]
# ## How operations are counted
# A convolution of k x k from c channels to d takes k k c d multiplications and as many additions for every pixel: 2 k k c d operations, FLOP. For a stack of
# convolutions that is a sum anyone can check. `vidsr.cost` asks the compiler instead, about the very program that a run calls, with all that is around the network
# and what is computed twice where frames are cut into tiles. At the size of this small clip, which is not cut, the two have to agree.

# %%
rng = np.random.default_rng(SEED)
clip = vidsr.stack(0.4 + 0.2 * rng.random((8, 90, 160, 3), np.float32), fps=24)


def kernels(tree):
    return [leaf for leaf in jax.tree.leaves(tree) if leaf.ndim == 4]


enlarge = vidsr.super_resolve(4, model="tiny")
a_pixel = sum(2 * kernel.size for kernel in kernels(hub.load("sr-tiny-x4").params)) / 16
pixels = SIZE[0] * SIZE[1]
small, tiny = (vidsr.cost(enlarge, clip, size=size, devices=GPUS) for size in (None, SIZE))
print(f"sr-tiny-x4, a pixel of the result: {a_pixel:,.0f} FLOP by hand, by the compiler")
for found in (small, tiny):
    print(f"  {found.flops / found.width / found.height:,.0f} at {found.width} x {found.height}")
tiny

# %% [markdown]
# The first figure is the network and what keeps its edges from overshooting. The second says what tiles cost: a frame of 4K is cut into
# four, each of which computes a border that its neighbours compute as well.
#
# The roofline is an **upper bound of speed**: no device runs this program in less than its operations take at the peak that the maker states, or than what goes in and
# comes out takes to move. Real programs keep up a part of that. The column *h by memory* says what becomes of it where every layer is written to memory and read
# again, in f32 on most of these devices the larger figure by far.
#
# ## The contestants
# Three networks of the zoo, measured on this machine and scaled to 4K; and the largest network that is in everyday use for such work, the published RRDBNet of 23 blocks
# (ESRGAN, Real-ESRGAN), by hand: its shapes are enough, no weight is needed.

# %%
costs = {
    "sr-tiny-x4": tiny,
    "sr-small-x4": vidsr.cost(vidsr.super_resolve(4, model="sr-small-x4"), clip, size=SIZE, devices=GPUS),
    "denoise-small": vidsr.cost(vidsr.denoise(0.02), clip, size=SIZE, devices=GPUS),
}
_, shapes, _ = models.template("rrdb", width=64, growth=32, depth=23, scale=4, fold=1)
enlarged = {"up0": 4, "up1": 16, "refine": 16, "tail": 16}  # pixels for each that comes in; elsewhere one
multiplications = sum(
    kernel.size * enlarged.get(name, 1) for name, part in shapes.items() for kernel in kernels(part)
)
flops = {name: found.flops for name, found in costs.items()}
flops["RRDBNet, 23 blocks"] = 2 * multiplications * pixels / 16
hours = {
    name: {gpu: each * FRAMES / 3600 / DEVICES[gpu].peak["bf16"] / SHARES[0] for gpu in GPUS}
    for name, each in flops.items()
}
print(
    f"{'':20}{'GFLOP/frame':>12}{'FLOP/pixel':>12}{'h here':>9}" + "".join(f"{'h ' + gpu:>9}" for gpu in GPUS)
)
for name, each in flops.items():
    here = f"{costs[name].hours:9.0f}" if name in costs else f"{'-':>9}"
    row = "".join(f"{hours[name][gpu]:9.2g}" for gpu in GPUS)
    print(f"{name:20}{each / 1e9:12,.0f}{each / pixels:12,.0f}{here}{row}")
slowest = max(
    flops["RRDBNet, 23 blocks"] * FRAMES / 3600 / DEVICES[gpu].peak["f32"] / SHARES[0] for gpu in GPUS
)
print(f"\nGPUs at {SHARES[0]:.0%} of their peak in bf16; here: in f32, decoding and encoding included.")
print(f"The same of the peak in f32, without tensor cores, RRDBNet on the slowest of them: {slowest:.0f} h")

# %% [markdown]
# ## Claim 1: an hour of 4K takes 500 GPU hours
# **Method.** Hours of each network on each GPU, if that keeps up no more than a tenth of its peak in bf16. *Confirmed* if the largest network takes 500 hours or more on all of
# them, *refuted* if all networks take less than 50 on all of them.
#
# ## Claim 2: something else takes 500 GPU hours
# **Method.** The claim turned round: 500 hours of a GPU, times what it can do in bf16, over all pixels of the hour. Divided by RRDBNet's operations a pixel, that is how often
# a network of that size could run on every frame: as a diffusion model of its size would, once for each of its steps. GPUs at a tenth and at four tenths of their peak; the A100 and the H100, on which such models
# run. *Confirmed* ("it takes dozens of passes of a large network") if all four figures lie between 10 and 1,000: what diffusion models with 10 to 1,000 steps ask for. *Refuted* if one of them lies below 2:
# an ordinary network in one pass would do.

# %%
verdicts = {}


def decide(claim, confirmed, refuted):
    verdicts[claim] = "confirmed" if confirmed else "refuted" if refuted else "not decided at this scale"
    print(f"Verdict on claim {claim}: {verdicts[claim]}")


largest = hours["RRDBNet, 23 blocks"]
decide("1", min(largest.values()) >= CLAIMED, max(max(row.values()) for row in hours.values()) < CLAIMED / 10)

per_pixel = flops["RRDBNet, 23 blocks"] / pixels
implied = {
    (gpu, share): CLAIMED * 3600 * share * DEVICES[gpu].peak["bf16"] / (FRAMES * pixels)
    for gpu in ("A100", "H100")
    for share in SHARES
}
print(f"\n{CLAIMED} GPU hours are")
for (gpu, share), each in implied.items():
    print(
        f"{each / 1e6:8.0f} MFLOP a pixel on the {gpu} at {share:.0%} of its peak in bf16: {each / per_pixel:5.0f} passes of RRDBNet"
    )
passes = [each / per_pixel for each in implied.values()]
decide("2", all(10 <= n <= 1000 for n in passes), min(passes) < 2)

# %%
figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
names = list(flops)
axis.barh(names, [flops[name] / pixels for name in names], color="tab:blue")
low, high = min(implied.values()), max(implied.values())
axis.axvspan(
    low, high, color="tab:red", alpha=0.3, label=f"{CLAIMED} GPU hours (A100, H100; 10 to 40 % of peak)"
)
axis.set(xscale="log", xlabel="operations for a pixel of the result [FLOP]", xlim=(1e3, 1e10))
axis.legend(loc="lower right")
axis.grid(alpha=0.3, axis="x")
plt.show()

# %% [markdown]
# ## Claim 3: a chip made for it is five times better
# **Method.** Five times of what is not said: speed, speed for the money, or work for the energy. Speed alone can be looked up where a maker publishes it. Energy would have to be measured; `vidsr.cost` does where the machine
# has counters. *Not decided* unless joules are counted here on both kinds of chip.

# %%
chip = DEVICES["TPU v5e"].peak["bf16"]
for gpu in GPUS:
    print(
        f"the one such chip in the table, TPU v5e, has {chip / DEVICES[gpu].peak['bf16']:4.1f} times the {gpu}'s peak in bf16"
    )
print(f"energy here: {'measured' if tiny.joules is not None else 'not measured'}")
decide("3", False, False)

# %% [markdown]
# ## What was found

# %%
CLAIMS = {
    "1": "an hour of 4K takes 500 GPU hours",
    "2": "500 GPU hours are dozens of passes of a large network",
    "3": "a chip made for it is five times better",
}
for number, claim in CLAIMS.items():
    print(f"{number}  {claim:60} {verdicts[number]}")

# %% [markdown]
# The zoo's networks ask for tens to about a thousand gigaflops a frame. A GPU of a data centre does an hour of that in minutes or a few hours, even at a tenth of its peak. The largest network
# in common use takes many times as much and still stays under fifty hours; without tensor cores, where nobody would run it, it stays under 500. Five hundred hours is the cost of something that runs a network of that size again and again on every frame, as diffusion models do.
# So the sentence is true of one family of methods, and says nothing about restoration.
#
# **What limits these figures.** The peaks are the makers'. How much of one a program keeps up was assumed, openly, not measured: there is no GPU here. Operations are not
# all that takes time: at small networks memory is the limit, which the column *h by memory* shows, and on the way to 4K so are decoders and encoders, which no GPU hour of the claim counts. Hours here were measured on a small clip and scaled by operations and pixels. What
# a diffusion model of another size asks for follows from its operations a pixel, times its steps.
#
# ## Exercise
# A noisy clip of 960 x 540 is to become clean 4K by `vidsr.denoise` and `vidsr.super_resolve(4)`. In which order is it cheaper, and by how much? Write down what you expect, and why,
# before you run it. The answer is in the last cell.

# %% [markdown]
# ## Asserts
# What this page says in words, held against its own figures, with room for other machines.

# %%
assert 1 < small.flops / small.width / small.height / a_pixel < 1.4 and tiny.flops / pixels / a_pixel < 1.4
assert 17e6 < multiplications < 19e6  # for a pixel that comes in
assert all(10e9 < found.flops < 2e12 for found in costs.values())
assert (
    max(max(hours[name].values()) for name in costs) < 10 and max(largest.values()) < 50 and slowest < CLAIMED
)
assert [verdicts[n] for n in CLAIMS] == ["refuted", "confirmed", "not decided at this scale"]
for found in costs.values():
    for bound in found.bounds:
        assert bound.hours <= bound.hours_by_memory

# %% [markdown]
# ## Sources
# - X. Wang et al., ESRGAN, 2018, and Real-ESRGAN, 2021 (RRDBNet); its shapes are `vidsr.models`' own.
# - Peaks and bandwidths: the makers' data sheets, named in `vidsr/transforms/devices.py`; of tensor cores the dense figures, not those "with sparsity".
# - S. Williams et al., Roofline: an insightful visual performance model, 2009.
#
# ## Answer to the exercise

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["answer"]
denoised, large = vidsr.denoise(0.02), vidsr.super_resolve(4, model="tiny")
orders = {"denoise first": vidsr.pipeline(denoised, large), "enlarge first": vidsr.pipeline(large, denoised)}
for name, pipe in orders.items():
    print(f"{name:15}{vidsr.cost(pipe, clip, size=SIZE, devices=[]).flops / 1e9:8.0f} GFLOP a frame")
print(
    "\nDenoising first: it then sees a sixteenth of the pixels. The other order pays the denoiser at 4K, and gives it noise that is no longer the camera's."
)
