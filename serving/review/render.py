"""Templates: every value that goes into a page is escaped on its way."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from serving.review.hostile import shown
from serving.review.quantities import amount, probability, share, signed
from serving.served import SERVED

FOLDER: Final = Path(__file__).resolve().parent

TEMPLATES: Final = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
TEMPLATES.filters.update(
    shown=shown, amount=amount, probability=probability, share=share, signed=signed
)


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page.

    Args:
        template: its file name.
        status: of the answer.
        values: what the template names.
    """
    model = SERVED.model.name if SERVED.ready else None
    return HTMLResponse(
        TEMPLATES.get_template(template).render(served=model, **values), status
    )


def message(status: int, title: str, text: str | None) -> HTMLResponse:
    """A page that says one thing; without a text, how to get in."""
    return render("message.html", status, title=title, text=text, here="")
