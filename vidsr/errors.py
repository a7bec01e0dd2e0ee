"""The three kinds of error vidsr raises, and its warning; every message ends in the line to type."""


class VidsrError(Exception):
    """What vidsr refuses, with the reason and the remedy. Catch this to catch all three kinds."""


class StackError(VidsrError, ValueError):
    """The data are not what the step needs: dims, dtype, values, coordinates, colour tags."""


class RecipeError(VidsrError, ValueError):
    """The settings make no sense: unknown names, values out of range, arguments that exclude each other."""


class MediaError(VidsrError, OSError):
    """A file cannot be read or written."""


class DomainWarning(UserWarning):
    """A clip lies far from what a network was trained for. The result is computed all the same."""


NOT_FINITE = "a frame holds NaN or infinity and cannot be written. Replace them: stack.fillna(0).clip(0, 1)."
