"""A page of the claims about a model, and where the other pages are."""

from __future__ import annotations

from dataclasses import dataclass

from assay.hub import models
from assay.hub.model_answers import Model
from assay.web.pages import links


@dataclass(frozen=True, slots=True)
class ModelView:
    """The claims of a page as places in the list of all that were asked for.

    Attributes:
        model: The model.
        last: The place of the last claim that is shown, counted from 1.
    """

    model: Model
    last: int

    def page(self, start: int) -> str:
        """The address of the page that begins at a place."""
        return links.model(self.model.id, self._asked(start))

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for is on this page."""
        return not self.model.start and self.last >= self.model.count

    @property
    def before(self) -> str | None:
        """The address of the page before this one."""
        model = self.model
        return self.page(max(0, model.start - model.page_size)) if model.start else None

    @property
    def after(self) -> str | None:
        """The address of the page after this one."""
        return self.page(self.last) if self.last < self.model.count else None

    def about(self, benchmark: str, task: str) -> str:
        """The address of all claims about one task, from the first on."""
        return links.model(self.model.id, links.claims_query(benchmark=f"{benchmark}/{task}"))

    @property
    def json(self) -> str:
        """The address of the same claims as JSON."""
        return links.model_json(self.model.id, self._asked(self.model.start))

    def _asked(self, start: int) -> dict[str, str]:
        model = self.model
        limit = model.page_size if model.page_size != models.PAGE_SIZE else None
        return links.claims_query(
            benchmark=model.benchmark, start=start, limit=limit, up_to=model.up_to
        )


def view_model(model: Model) -> ModelView:
    """Find one's way among the pages."""
    shown = sum(len(task.claims) for task in model.tasks)
    return ModelView(model, model.start + shown)
