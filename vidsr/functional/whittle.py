"""Fit smooth spectra behind known transfer functions, by the likelihood of a periodogram. Host side: numpy.

    S = exp(design @ slopes) * response + exp(noise)        cost = mean of log S + (k + 1) log(1 + P / (k S))

Whittle's cost of a sample is log S + P / S, as P / S of a random texture is exponential. Pictures are no random
textures: lines and lattices stand far above any smooth S. So S is taken as known up to a random factor, which gives the
tail above (an F distribution); k = `TAIL`, and much of it is Whittle's. `response` is |H|^2. Many are fitted at once, each with its own
numbers (slopes, then noise), by Fisher scoring damped as by Levenberg and Marquardt: a step that does not lower the cost is taken back.

Sources: Whittle, Estimation and information in stationary time series (1953); Marquardt (1963).
"""

import numpy as np

STIFF, LOOSER, STIFFER = 1e-3, 0.25, 10.0  # damping at first, after a good step, after a bad one
LONGEST = 3.0  # change of a logarithm in one step
TAIL = 3.0  # the less, the less a strong line in the spectrum counts
FLOOR = 1e-9  # of the mean power


def fit(
    power: np.ndarray, design: np.ndarray, responses: np.ndarray, numbers: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the lowest cost, and the cost.

    Args:
      power: `(samples,)` float32, above 0.
      design: `(samples, k)` float32.
      responses: `(blurs, samples)` float32.
      numbers: `(blurs, k + 1)`, where to begin.
      rounds: of scoring.

    Returns:
      `(blurs,)` costs and `(blurs, k + 1)` numbers, float64.
    """
    pairs = _pairs(design)
    trial = numbers.astype(np.float64)
    kept, cost = trial.copy(), np.full(len(trial), np.inf)
    damping, equations = np.full(len(trial), STIFF), _equations_of(len(trial), trial.shape[1])
    for number in range(rounds + 1):
        scene, noise = _parts(design, responses, trial)
        tried = _cost(power, scene + noise)
        better = tried < cost
        kept[better], cost[better] = trial[better], tried[better]
        damping = np.where(better, damping * LOOSER, damping * STIFFER)
        if number == rounds:
            break
        for mine, new in zip(equations, _equations(power, design, pairs, scene, noise), strict=True):
            mine[better] = new[better]
        trial = kept + _step(*equations, damping, design)
        trial[:, -1] = np.maximum(trial[:, -1], np.log(FLOOR))
    return cost, kept


def begin(power: np.ndarray, design: np.ndarray, responses: np.ndarray, noise: float) -> np.ndarray:
    """Numbers `(blurs, k + 1)` to begin with: least squares of log power, where the scene stands well above `noise`."""
    weights = np.maximum(1 - 4 * noise / power, 0) * np.minimum(responses / 0.1, 1) ** 2
    wanted = np.log(power) + np.float32(np.euler_gamma) - np.log(np.maximum(responses, 1e-3))
    size = design.shape[1]
    matrix = _square((weights @ _pairs(design)).astype(np.float64), size) + np.eye(size)
    slopes = np.linalg.solve(matrix, ((weights * wanted) @ design).astype(np.float64)[..., None])[..., 0]
    return np.concatenate([slopes, np.full((len(slopes), 1), np.log(noise))], 1)


def _parts(design: np.ndarray, responses: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exponent = numbers[:, :-1].astype(np.float32) @ design.T
    scene = np.exp(np.clip(exponent, -30, 40, out=exponent), out=exponent)
    scene *= responses
    return scene, np.exp(np.minimum(numbers[:, -1:], 40)).astype(np.float32)


def _cost(power: np.ndarray, model: np.ndarray) -> np.ndarray:
    each = np.log(model) + (TAIL + 1) * np.log(1 + power / model / TAIL)
    return each.mean(1, dtype=np.float64)


def _equations(
    power: np.ndarray, design: np.ndarray, pairs: np.ndarray, scene: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fisher's information and the gradient, of slopes and noise."""
    inverse = 1 / (scene + noise)
    excess = power * inverse
    share, misfit = scene * inverse, (TAIL + 1) * excess / (TAIL + excess) - 1
    rest, size = 1 - share, design.shape[1]
    matrix = np.empty((len(scene), size + 1, size + 1))
    matrix[:, :size, :size] = _square((share * share) @ pairs, size)
    matrix[:, :size, size] = matrix[:, size, :size] = (share * rest) @ design
    matrix[:, size, size] = np.einsum("cs,cs->c", rest, rest)
    slope, floor = (share * misfit) @ design, np.einsum("cs,cs->c", rest, misfit)
    return matrix * (TAIL / (TAIL + 2)), np.concatenate([slope, floor[:, None]], 1).astype(np.float64)


def _step(matrix: np.ndarray, slope: np.ndarray, damping: np.ndarray, design: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.einsum("cii->ci", matrix)) + 1e-6
    eye = np.eye(matrix.shape[1])
    scaled = matrix / size[:, :, None] / size[:, None, :] + (damping[:, None, None] + 1e-6) * eye
    step = np.linalg.solve(scaled, (slope / size)[..., None])[..., 0] / size
    change = abs(step[:, :-1] @ design[::29].T).max(1)
    step[:, :-1] *= np.minimum(1, LONGEST / np.maximum(change, 1e-9))[:, None]
    step[:, -1] = np.clip(step[:, -1], -LONGEST, LONGEST)
    return step


def _equations_of(blurs: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tile(np.eye(size), (blurs, 1, 1)), np.zeros((blurs, size))


def _pairs(design: np.ndarray) -> np.ndarray:
    """Products of columns, of which the matrix of normal equations is made."""
    first, second = np.triu_indices(design.shape[1])
    return design[:, first] * design[:, second]


def _square(sums: np.ndarray, size: int) -> np.ndarray:
    first, second = np.triu_indices(size)
    matrix = np.empty((len(sums), size, size), sums.dtype)
    matrix[:, first, second] = matrix[:, second, first] = sums
    return matrix
