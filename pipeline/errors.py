"""What can go wrong with files and parameters (all are features.errors.InputError).

InputError
├── ParamsError   a value in params.yaml: the key, the value, what is allowed
└── SourceError   an archive as a whole: the file, what is wrong, the remedy
    (single rows are never an error: they go to `rejected` with their rule)
"""

from features.errors import InputError


class ParamsError(InputError):
    """A parameter is missing, misspelt or out of bounds."""


class SourceError(InputError):
    """An archive cannot be read at all."""
