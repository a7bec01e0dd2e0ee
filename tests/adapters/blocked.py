"""A pytest plugin, and an import, after which torch cannot be imported: `python -m pytest -p tests.adapters.blocked`."""

import sys
from importlib.abc import MetaPathFinder


class Blocker(MetaPathFinder):
    """Says that there is no torch."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Blocker())
