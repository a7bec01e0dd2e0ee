"""The command line: argparse over the library; holds no logic of its own."""

import argparse
import ast
import sys
from collections.abc import Sequence
from contextlib import nullcontext

VERBS = (
    "resize crop degrade denoise deblock deblur super_resolve stabilise inpaint regrain hdr_lift"
).split()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status. Errors of the library are one line on standard error."""
    from vidsr.errors import VidsrError

    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except VidsrError as error:
        print(f"vidsr: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def steps_of(text: str) -> list:
    """Parse "denoise(strength=0.5), super_resolve(scale=4)": calls of known verbs with literals; nothing is evaluated."""
    import vidsr
    from vidsr.errors import RecipeError

    example = "For example --steps 'resize(0.5), super_resolve(scale=4)'."
    try:
        calls = ast.parse(f"[{text}]", mode="eval").body.elts
        parsed = []
        for call in calls:
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                raise RecipeError(f"{ast.unparse(call)!r} is not a call of a verb. {example}")
            if call.func.id not in VERBS:
                raise RecipeError(f"no verb {call.func.id!r}; there are {', '.join(VERBS)}. {example}")
            given = [ast.literal_eval(a) for a in call.args]
            named = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
            parsed.append((call.func.id, given, named))
    except (SyntaxError, ValueError) as error:
        if isinstance(error, RecipeError):
            raise
        raise RecipeError(f"steps {text!r} cannot be read: {error}. {example}") from error
    steps = []
    for name, given, named in parsed:
        try:
            steps.append(getattr(vidsr, name)(*given, **named))
        except TypeError as error:
            raise RecipeError(
                f"{name}: {error}. See: python -c 'import vidsr; help(vidsr.{name})'."
            ) from error
    return steps


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vidsr", description="Restore and super-resolve video.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="make or take a clip, degrade it, restore it, measure it")
    demo.add_argument("clip", nargs="?", help="a video; without it a reel is made by code")
    demo.add_argument("--out", default="vidsr-demo", help="folder for the results")
    demo.set_defaults(run=_demo)

    restore = commands.add_parser("restore", help="run steps over a video")
    restore.add_argument("source")
    restore.add_argument("out")
    restore.add_argument(
        "--steps", required=True, help="for example 'denoise(strength=0.5), super_resolve(scale=4)'"
    )
    restore.add_argument("--start", type=float, help="seconds")
    restore.add_argument("--end", type=float, help="seconds")
    restore.add_argument("--seed", type=int, default=0)
    restore.add_argument("--codec")
    restore.add_argument("--crf", type=int)
    restore.add_argument("--bits", type=int)
    restore.add_argument("--max-memory", help="what the process is to keep within, for example 8GB")
    restore.add_argument("--engine", help="that runs networks: xla, openvino, onnxruntime, or auto")
    restore.add_argument(
        "--precision", help="of networks: f32, bf16, auto, or int8 where vidsr.quantise measured them"
    )
    restore.add_argument(
        "--cluster", metavar="ADDRESS", help="have the workers of this dask scheduler render"
    )
    restore.add_argument("--overwrite", action="store_true")
    restore.add_argument(
        "--restart", action="store_true", help="throw an unfinished render of another recipe away"
    )
    restore.set_defaults(run=_restore)

    probe = commands.add_parser("probe", help="what a file is, without decoding it")
    probe.add_argument("path")
    probe.set_defaults(run=_probe)

    compare = commands.add_parser("compare", help="look at videos side by side in a browser")
    compare.add_argument("clips", nargs="+", metavar="clip", help="videos or picture sequences, two at least")
    compare.add_argument(
        "--out", help="write a page of its own, for example compare.html, instead of serving one"
    )
    compare.add_argument("--reference", help="the truth: figures are then of all against it")
    compare.add_argument("--metric", default="psnr", help="psnr, psnr_y, ssim, ssim_y, ...")
    compare.add_argument("--offset", type=int, default=0, help="frames by which the others are shown later")
    compare.set_defaults(run=_compare)

    zoo = commands.add_parser("zoo", help="the trained networks").add_subparsers(
        required=True, metavar="command"
    )
    zoo.add_parser("list", help="all of them").set_defaults(run=_zoo_list)
    about = zoo.add_parser("info", help="what one says of itself, as JSON")
    about.add_argument(
        "name", help="zoo id, folder, org/name or org/name@revision, or a registered checkpoint"
    )
    about.set_defaults(run=_zoo_info)
    download = zoo.add_parser("download", help="fetch one from the Hub, and print where it lies")
    download.add_argument("name", help="as for info")
    download.add_argument("--revision", help="commit, branch or tag; default: main")
    download.set_defaults(run=_zoo_download)
    push = zoo.add_parser("push", help="publish one on the Hub; log in before: hf auth login")
    push.add_argument("network", help="zoo id, or folder of an entry")
    push.add_argument("repo", help="org/name")
    push.add_argument("--private", action="store_true", help="if the repository is made now")
    push.add_argument("--branch", default="main")
    push.add_argument("--message", help="of the commit")
    push.set_defaults(run=_zoo_push)

    photographs = commands.add_parser("photographs", help="download what the zoo was trained on (214 MB)")
    photographs.add_argument("folder")
    photographs.set_defaults(run=_photographs)

    train = commands.add_parser("train", help="run a zoo entry's recipe, or continue it")
    train.add_argument("recipe", help="for example zoo/sr-tiny-x4")
    train.add_argument("--data", help="folder of photographs with manifest.json")
    train.add_argument("--out", help="folder for checkpoint and weights")
    train.add_argument("--steps", type=int, help="stop after so many, resumable")
    train.set_defaults(run=_train)

    bench = commands.add_parser("bench", help="measure vidsr beside others").add_subparsers(
        required=True, metavar="command"
    )
    quality = bench.add_parser("quality", help="regenerate the figures of quality; needs the test sets")
    quality.add_argument("--tasks", nargs="+", help="sr edges denoise codec real deblur; default: all")
    quality.add_argument(
        "--clips", nargs="+", help="videos, or names in the bench folder; default: each task's"
    )
    quality.add_argument("--frames", type=int, help="the first so many of each clip")
    quality.add_argument("--pictures", type=int, help="the first so many of each test set")
    quality.add_argument("--entries", nargs="+", help="folders of networks, each measured where its verb is")
    quality.add_argument("--out", help="folder for quality.md, .json and .png; default: vidsr-bench")
    quality.set_defaults(run=_bench_quality)
    speed = bench.add_parser("speed", help="what it costs here, ours and others, quality beside it")
    speed.add_argument("--tasks", nargs="+", help="engines sr denoise stabilise latency; default: all")
    speed.add_argument("--names", nargs="+", help="networks of the zoo; default: all")
    speed.add_argument(
        "--clips", nargs="+", help="videos, or names in the bench folder; default: each task's"
    )
    speed.add_argument("--frames", type=int, help="the first so many of each clip")
    speed.add_argument("--pictures", type=int, help="the first so many of the test set")
    speed.add_argument("--turns", type=int, help="how often every method is timed; default: 7")
    speed.add_argument("--entries", nargs="+", help="folders of networks that take part")
    speed.add_argument("--quick", action="store_true", default=None, help="fewer turns, frames and pictures")
    speed.add_argument("--out", help="folder for speed.md, .json and .png; default: vidsr-bench")
    speed.set_defaults(run=_bench_speed)

    commands.add_parser("versions", help="what is installed, for a bug report").set_defaults(run=_versions)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        from importlib.metadata import version

        print(f"vidsr (distribution vidsr-toolkit) {version('vidsr-toolkit')}")
        parser.exit()


def _demo(options: argparse.Namespace) -> None:
    from vidsr.widgets.demo import demo

    print(demo(options.clip, out=options.out))


def _restore(options: argparse.Namespace) -> None:
    import vidsr
    from vidsr.transforms.cluster.crew import connected

    keep = ("start", "end", "seed", "codec", "crf", "bits", "max_memory", "overwrite", "restart")
    given = {k: getattr(options, k) for k in keep}
    pipe = vidsr.pipeline(*steps_of(options.steps), engine=options.engine, precision=options.precision)
    with connected(options.cluster) if options.cluster else nullcontext() as client:
        print(pipe.render(options.source, options.out, client=client, **given))


def _probe(options: argparse.Namespace) -> None:
    import vidsr

    print(vidsr.probe(options.path))


def _compare(options: argparse.Namespace) -> None:
    from vidsr.widgets.compare import compare_files

    keep = ("out", "reference", "metric", "offset")
    compare_files(options.clips, **{k: getattr(options, k) for k in keep})


def _zoo_list(options: argparse.Namespace) -> None:
    import vidsr

    print(vidsr.hub.list())


def _zoo_info(options: argparse.Namespace) -> None:
    import json

    import vidsr

    print(json.dumps(vidsr.hub.info(options.name), indent=1))


def _zoo_download(options: argparse.Namespace) -> None:
    import vidsr

    print(vidsr.hub.download(options.name, options.revision))


def _zoo_push(options: argparse.Namespace) -> None:
    import vidsr

    keep = ("private", "branch", "message")
    print(vidsr.hub.push_to_hub(options.network, options.repo, **{k: getattr(options, k) for k in keep}))


def _photographs(options: argparse.Namespace) -> None:
    import vidsr

    vidsr.train.gather(options.folder)


def _train(options: argparse.Namespace) -> None:
    import vidsr

    vidsr.train.run(options.recipe, data=options.data, out=options.out, steps=options.steps)


def _bench_quality(options: argparse.Namespace) -> None:
    from vidsr import bench

    keep = ("tasks", "clips", "frames", "pictures", "entries", "out")
    given = {name: getattr(options, name) for name in keep if getattr(options, name) is not None}
    bench.quality(**given)


def _bench_speed(options: argparse.Namespace) -> None:
    from vidsr import bench

    keep = ("tasks", "names", "clips", "frames", "pictures", "turns", "entries", "quick", "out")
    given = {name: getattr(options, name) for name in keep if getattr(options, name) is not None}
    bench.speed(**given)


def _versions(options: argparse.Namespace) -> None:
    import vidsr

    vidsr.show_versions()
