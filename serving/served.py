"""The model that this process serves, once it has been loaded and has scored."""

from serving.errors import ApiError
from serving.model import ServedModel


class Served:
    """Holder that the service fills and the mounted apps read."""

    def __init__(self) -> None:
        """Nothing is served yet."""
        self._model: ServedModel | None = None

    def start(self, model: ServedModel) -> None:
        """Serve this model from now on."""
        self._model = model

    @property
    def ready(self) -> bool:
        """Whether a model is served."""
        return self._model is not None

    @property
    def model(self) -> ServedModel:
        """The model.

        Raises:
            ApiError: not_ready, before the model has scored one account.
        """
        if self._model is None:
            raise ApiError("not_ready", "the model is being loaded; try again")
        return self._model


SERVED = Served()
