"""Sections of params.yaml: frozen, strict, no unknown key; loaded one by one.

A stage loads its own section only, so that a stage's modules (which DVC watches) do not
include those of every other stage. pipeline.params composes and checks the whole file.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from pipeline.errors import ParamsError

T = TypeVar("T")


class Section(BaseModel):
    """A params section: wrong types, unknown keys and missing values are refused.

    So is a number that is not finite: as a limit it would stop nothing.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False
    )


def _as_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write the time as text with a zone: "2020-06-12T00:00:00Z"')
    return value


# Text and not a YAML time: DVC and PyYAML read those differently.
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_as_text)]


def load_section(path: Path, key: str, model: type[T]) -> T:
    """One section of the parameter file, checked.

    Args:
        path: params.yaml.
        key: dotted key of the section, for example `sources.demo`.
        model: pydantic model or type that the section must fit.

    Raises:
        ParamsError: naming the key, the value found and what is allowed.
    """
    value = read_params(path)
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            raise ParamsError(f"{path}: key {key} is missing")
        value = value[part]
    return validate(path, key, value, model)


def read_params(path: Path) -> Any:
    """Parsed YAML of the parameter file.

    Raises:
        ParamsError: there is no such file, or it is not YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not YAML: {error}") from None
    except (IsADirectoryError, ValueError) as error:
        # Bytes that are no text, or a date that no calendar has.
        raise ParamsError(f"{path}: not YAML: {error}") from None


def validate(path: Path, key: str, value: object, model: type[T]) -> T:
    """The value as the model's type.

    Raises:
        ParamsError: naming each wrong key, the value found and what is allowed.
    """
    try:
        adapter: TypeAdapter[T] = TypeAdapter(model)
        return adapter.validate_python(value)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, (key, *fault['loc']))).strip('.')} = "
            f"{str(fault['input'])[:80]!r}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise ParamsError(f"{path}: " + "; ".join(lines)) from None
