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
# # 4 · Joint or sequential
#
# **Small and noisy video is to become large and clean. Is that better done by one network, or by two, one after the other?**
#
# 25 s on two cores · 1 GiB of memory · downloads nothing
#
# As in every lesson: a **claim** that is often heard; a **method**, with the rule that will decide, written down before anything is
# measured; an **experiment**; and a **verdict** that the code prints from its own figures: *confirmed*, *refuted*, or *not decided
# at this scale*. An **exercise** follows, with its answer at the end.
#
# The claim here is that a network which denoises and enlarges in one gains half a decibel on a denoiser followed by an enlarger. The size
# of such a gain hangs on the rival. Ours is given what the joint network is given: as many weights and training steps together, and an enlarger that
# was trained on what its denoiser gives, not on clean pictures.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import vidsr

vidsr.show_versions()

# %% tags=["parameters"]
# networks and figures that benchmarks/joint.py made. It lies in a checkout of vidsr; elsewhere, name the folder.
NETWORKS = Path(vidsr.__file__).parents[1] / "tutorials" / "networks"
SIGMAS = (5, 15, 25)  # standard deviation of the noise, of 255 levels
SIDE = 256  # pixels a side of the pictures made by code
TAKES = 4  # pictures of each material
SEED = 0

# %% [markdown]
# ## The contestants
# All are of one kind, plain stacks of 3 x 3 convolutions, sixteen channels wide; **blind**: nobody tells them how strong the noise
# is; and learnt from the same photographs under the same noise, in the same order:
#
# - **joint**: noise out and four times larger, in one;
# - **sequential**: a *denoiser* at the small size, then an *enlarger* that was trained on this denoiser's results.

# %%
record = json.loads((NETWORKS / "joint.json").read_text())
networks = record["networks"]
for role, about in networks.items():
    print(f"{role:10}{about['weights']:8,} weights{about['steps']:8,} steps   {about['name']}")
both = {key: networks["denoiser"][key] + networks["enlarger"][key] for key in ("weights", "steps")}
print(f"{'sequential':10}{both['weights']:8,} weights{both['steps']:8,} steps   the two together")

joint = vidsr.super_resolve(4, model=str(NETWORKS / networks["joint"]["name"]))
denoiser = vidsr.denoise(model=NETWORKS / networks["denoiser"]["name"])
enlarger = vidsr.super_resolve(4, model=str(NETWORKS / networks["enlarger"]["name"]))
ways = {"bicubic": vidsr.resize(4), "sequential": vidsr.pipeline(denoiser, enlarger), "joint": joint}

# %% [markdown]
# ## The material
# Pictures made by code, whose truth is known to the pixel: **discs** that hide one another (edges and flat places of every size, the
# simplest model of a photograph) and **texture** (noise with a photograph's spectrum and no edge at all). They are shrunk by
# bicubic, noise is added, and the result is rounded to 8 bits, as a camera would.

# %%
rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
TINTS = np.array([0.9, 1.0, 0.8])


def discs(seed):
    draw = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE, 3), 0.5)
    for _ in range(900):
        y, x = draw.uniform(-SIDE / 2, SIDE / 2, 2)
        radius = 3 / np.sqrt(1 - draw.uniform(0, 0.996))  # small ones are many
        cover = np.clip(radius - np.hypot(rows - y, columns - x) + 0.5, 0, 1)[..., None]
        colour = draw.uniform(0.1, 0.9) + draw.uniform(-0.1, 0.1, 3)
        picture += cover * (np.clip(colour, 0, 1) - picture)
    return picture


def texture(seed):
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    spectrum = np.fft.rfft2(white) / np.maximum(frequency, 1 / SIDE)
    shape = np.fft.irfft2(spectrum, s=white.shape)
    return np.clip(0.5 + 0.16 * shape / shape.std(), 0, 1)[..., None] * TINTS


def stack_of(make):
    return vidsr.stack(np.stack([make(SEED + take) for take in range(TAKES)]), fps=25)


def noisy(small, sigma):
    """Noise of `sigma` levels on a stack, clipped and rounded to 8 bits."""
    levels = vidsr.degrade(noise=sigma / 255)(small, seed=SEED) if sigma else small
    return levels.copy(data=np.round(np.clip(levels.values, 0, 1) * 255) / 255)


materials = {make.__name__: stack_of(make) for make in (discs, texture)}
small = {name: vidsr.resize(1 / 4)(stack) for name, stack in materials.items()}
vidsr.show(
    materials["discs"],
    noisy(small["discs"], 25),
    materials["texture"],
    noisy(small["texture"], 25),
    titles=["discs", "small, sigma 25", "texture", "small, sigma 25"],
)

# %%
materials["discs"].vid

# %% [markdown]
# ## The idea
# A denoiser has to decide pixel by pixel what was noise, and what it throws away is gone before the enlarger sees it. A joint network keeps its doubts,
# in sixteen channels instead of three, until the large picture is drawn. So with endless training one network of both depths cannot be
# worse: it could do what the two do. Against that, each of the two has an easier task, knows sooner whether it errs, and learns it in fewer steps. Which
# of the two weighs more, and by how much, only a measurement says.
#
# ## Claim 1: joint gains half a decibel
# **Method.** `benchmarks/joint.py` trained everything three times, from three seeds. The pictures are photographs that no network has seen,
# noise of sigma 25. The difference of the mean PSNR-Y, joint less sequential, seed by seed, with its 95 % interval (Student's t over the
# three). *Confirmed* if the whole interval lies at 0.5 dB or above, *refuted* if all of it lies below.
#
# ## Claim 2: joint is better at all
# **Method.** The same at sigma 5, 15 and 25. *Confirmed* if all three intervals lie above 0, *refuted* if one lies below.
#
# ## Claim 3: any good enlarger serves behind a denoiser
# **Method.** Behind the same denoiser, the zoo's `sr-tiny-x4` ("untuned"): trained on clean pictures only, with twice the weights of the tuned one and
# twenty times its steps. *Confirmed* if at sigma 25 the tuned one leads by no more: the whole interval of tuned less untuned at 0.1 dB or
# below. *Refuted* if all of it lies above.

# %%
verdicts = {}
STUDENT = 4.303  # 97.5 % point of Student's t with two degrees of freedom: three seeds


def decide(claim, confirmed, refuted):
    verdicts[claim] = "confirmed" if confirmed else "refuted" if refuted else "not decided at this scale"
    print(f"Verdict on claim {claim}: {verdicts[claim]}")


def interval(ours, theirs):
    """Mean difference in dB over the seeds, and the ends of its 95 % interval."""
    difference = np.subtract(ours, theirs)
    half = STUDENT * difference.std(ddof=1) / np.sqrt(len(difference))
    return difference.mean(), difference.mean() - half, difference.mean() + half


PICTURES = list(record["psnr_y"])[-1]
figures = record["psnr_y"][PICTURES]
print(f"PSNR-Y [dB], {PICTURES}, mean of {len(record['seeds'])} seeds\n")
print(f"{'sigma':>5}{'bicubic':>10}{'untuned':>10}{'sequential':>12}{'joint':>8}{'joint - sequential':>24}")
gains, tunings = {}, {}
for sigma in SIGMAS:
    row = figures[str(sigma)]
    gains[sigma] = interval(row["joint"], row["sequential"])
    tunings[sigma] = interval(row["sequential"], row["untuned"])
    means = "".join(
        f"{np.mean(row[way]):{width}.2f}"
        for way, width in (("bicubic", 10), ("untuned", 10), ("sequential", 12), ("joint", 8))
    )
    mean, low, high = gains[sigma]
    print(f"{sigma:5}{means}{mean:+10.3f} ({low:+.3f} .. {high:+.3f})")
print()
decide("1", gains[25][1] >= 0.5, gains[25][2] < 0.5)
decide("2", all(low > 0 for _, low, _ in gains.values()), any(high < 0 for _, _, high in gains.values()))
decide("3", tunings[25][2] <= 0.1, tunings[25][1] > 0.1)

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
for axis, (title, ours, theirs, found) in zip(
    axes,
    (
        ("What joining gains", "joint", "sequential", gains),
        ("What tuning the enlarger gains", "sequential", "untuned", tunings),
    ),
    strict=True,
):
    middle = [found[sigma][0] for sigma in SIGMAS]
    half = [found[sigma][2] - found[sigma][0] for sigma in SIGMAS]
    axis.errorbar(
        SIGMAS, middle, yerr=half, color="tab:red", capsize=4, marker="o", label="mean, 95 % interval"
    )
    for sigma in SIGMAS:
        each = np.subtract(figures[str(sigma)][ours], figures[str(sigma)][theirs])
        axis.plot(
            np.full(len(each), sigma) + 0.4,
            each,
            ".",
            color="black",
            label="a seed" if sigma == SIGMAS[0] else None,
        )
    axis.axhline(0, color="black", linewidth=0.6)
    axis.set(title=title, xlabel="sigma of the noise [of 255 levels]", ylabel=f"{ours} less {theirs} [dB]")
    axis.set_xticks(SIGMAS)
    axis.grid(alpha=0.3)
axes[0].axhline(0.5, color="tab:blue", linestyle="--", label="as claimed")
axes[0].set_ylim(top=0.85)
axes[0].legend(fontsize="small", loc="upper left")
axes[1].legend(fontsize="small", loc="lower right")
plt.show()

# %% [markdown]
# ## Claim 4: it holds on pictures that are no photographs
# **Method.** The networks of the first seed, run here on the discs and the texture; per material and sigma the mean difference joint less sequential, with its standard error over
# the pictures. *Confirmed* if all six differences have the sign that the photographs gave at this sigma, *refuted* if one has the other sign by more than
# three standard errors. One seed: this asks about pictures, not about training.


# %%
def quality(result, name):
    return vidsr.metrics.psnr(result, materials[name], space="luma", border=4).values


results, here = {}, {}
print(f"{'PSNR-Y [dB]':18}{'bicubic':>10}{'sequential':>12}{'joint':>8}{'joint - sequential':>22}")
for name in materials:
    for sigma in SIGMAS:
        damaged = noisy(small[name], sigma)
        results[name, sigma] = {way: step(damaged) for way, step in ways.items()}
        scores = {way: quality(result, name) for way, result in results[name, sigma].items()}
        difference = scores["joint"] - scores["sequential"]
        mean, error = difference.mean(), difference.std(ddof=1) / np.sqrt(TAKES)
        here[name, sigma] = mean, error
        cells = "".join(
            f"{scores[way].mean():{width}.2f}"
            for way, width in (("bicubic", 10), ("sequential", 12), ("joint", 8))
        )
        print(f"{name + ', sigma ' + str(sigma):18}{cells}{mean:+14.3f} ± {error:.3f}")
print()
signs = {key: np.sign(gains[key[1]][0]) for key in here}
decide(
    "4",
    all(mean * signs[key] > 0 for key, (mean, _) in here.items()),
    any(-mean * signs[key] > 3 * error for key, (mean, error) in here.items()),
)

# %% [markdown]
# ## See it
# A part of the discs at sigma 25, and of the texture below: what goes in, the three results, the truth.


# %%
def part(stack, top, left, side):
    inside = (stack.y > top) & (stack.y < top + side), (stack.x > left) & (stack.x < left + side)
    return stack.isel(y=np.flatnonzero(inside[0]), x=np.flatnonzero(inside[1]))


def look(name, sigma, top=80, left=80, side=96):
    shown = {"input": noisy(small[name], sigma), **results[name, sigma], "truth": materials[name]}
    return vidsr.show(*(part(stack, top, left, side) for stack in shown.values()), titles=list(shown))


look("discs", 25)

# %%
look("texture", 25)

# %% [markdown]
# ## Where it fails
# Nobody told these networks how strong the noise is, and they never see a picture without wondering whether it has some. On a clean picture
# a network that was trained on clean pictures keeps more. The texture shows the price at strong noise: what looks like noise goes with it.

# %%
clean = noisy(small["discs"], 0)
tiny = vidsr.super_resolve(4, model="tiny")
spared = {way: quality(step(clean), "discs") for way, step in (*ways.items(), ("trained on clean", tiny))}
for way, score in spared.items():
    print(f"{way:18}{score.mean():8.2f} dB on clean discs")

# %% [markdown]
# ## What was found

# %%
CLAIMS = {
    "1": "joint gains half a decibel on a tuned sequential rival, sigma 25",
    "2": "joint is better at all, sigma 5, 15 and 25",
    "3": "any good enlarger serves behind a denoiser",
    "4": "it holds on pictures that are no photographs",
}
for number, claim in CLAIMS.items():
    print(f"{number}  {claim:68} {verdicts[number]}")

# %% [markdown]
# With equal weights and equal steps the two ways come out as good as each other. There is no half decibel: at sigma 25 the whole interval lies within a
# tenth of nothing. Which of the two is better at all, three seeds cannot tell; the joint network has the larger spread. What does make a
# difference is elsewhere. The zoo's enlarger never met this denoiser, and yet it is level with the tuned one at strong noise and leads by a third of a decibel at
# weak noise: long training outweighs tuning. And the material matters more than the way: the discs favour the two networks, the texture the one.
#
# **What limits these figures.** The interval is over three seeds: it says how much the luck of training matters for networks of this size,
# this shortly trained, on these hundred pictures, taken as given. The lead of the zoo's enlarger at sigma 5 shows that 3,000 steps are far from enough for
# either way; what large networks gain after long training is not decided here, nor what happens under noise that is not white. The
# kind of network was chosen by a short run of the joint one. Half of the rival's steps went to each of its networks; another share may serve it better.
# Trained end to end, the two would be a joint network with a narrow waist.
#
# ## Exercise
# Two steps have a knob between them that one network has not: `vidsr.denoise(strength=..., model=...)` blends the denoiser's result with its input. The
# enlarger was tuned on strength 1. Which strength is best for the discs at sigma 5, and which at sigma 25? Write down what you expect, and why,
# before you run it. The answer is in the last cell.

# %% [markdown]
# ## Asserts
# What this page says in words, held against its own figures, with room for other machines.

# %%
assert (
    networks["joint"]["weights"] <= 25_000 and abs(both["weights"] / networks["joint"]["weights"] - 1) < 0.03
)
assert both["steps"] == networks["joint"]["steps"]
assert max(abs(end) for end in gains[25][1:]) < 0.1 and tunings[5][2] < -0.3
assert all(mean < -0.1 for (name, _), (mean, _) in here.items() if name == "discs")
assert all(mean > 0.03 for (name, _), (mean, _) in here.items() if name == "texture")
assert spared["trained on clean"].mean() > spared["sequential"].mean() + 1
assert [verdicts[n] for n in CLAIMS] == ["refuted", "not decided at this scale", "confirmed", "refuted"]

# %% [markdown]
# ## Sources
# - L. Chen et al., Simple Baselines for Image Restoration, 2022 (the blocks).
# - D. Martin et al., A database of human segmented natural images, 2001 (B100 are a hundred of its photographs); the noise is drawn once for each picture and sigma.
# - Made again by `vidsr photographs FOLDER`, then `python benchmarks/joint.py FOLDER`; data and licence of the networks: `tutorials/networks/README.md`.
#
# ## Answer to the exercise

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["answer"]
strengths, held_back = (0, 0.25, 0.5, 0.75, 0.9, 1), {}
print("strength      " + "".join(f"{strength:8}" for strength in strengths))
for sigma in (5, 25):
    damaged = noisy(small["discs"], sigma)
    for strength in strengths:
        softer = vidsr.denoise(strength=strength, model=NETWORKS / networks["denoiser"]["name"])
        held_back[sigma, strength] = quality(vidsr.pipeline(softer, enlarger)(damaged), "discs").mean()
    print(f"sigma {sigma:2} [dB] " + "".join(f"{held_back[sigma, strength]:8.2f}" for strength in strengths))
print(
    "\nAt sigma 5 a quarter of it: this denoiser takes more than there is to take, and leaving it out beats its full strength. "
    "At sigma 25 full strength or nearly. A joint network has no such knob."
)
