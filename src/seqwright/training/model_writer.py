"""The subscriber that keeps the best model so far in the model directory."""

from __future__ import annotations

from seqwright import bundle
from seqwright.inference import calibration
from seqwright.training import manifest
from seqwright.training.ensemble import Ensemble
from seqwright.training.events import Event
from seqwright.training.output import writing
from seqwright.training.setup import Setup
from seqwright.training.write_pace import WritePace
from seqwright.types import Array

__all__ = ["ModelWriter", "assemble"]


class ModelWriter:
    """Saves the model when measurements have found better parameters than those in the directory.

    Where epochs are short, it is saved a little later than they are found (`WritePace`), at the latest when a network
    ends.   has_saved: whether the model in the directory is one of this process.
    """

    def __init__(self, setup: Setup, networks: Ensemble, pace: WritePace) -> None:
        self._setup, self._networks, self._pace = setup, networks, pace
        self._saved: Array | None = None  # the best parameters when the model was last saved
        self.has_saved: bool = False

    def __call__(self, _event: Event) -> None:
        """Save the model if it is better than the saved one.

        On `Started`, a restored training may be: it may have been killed between its checkpoint and its model.
        """
        if self._networks.position.reason or self._pace.due():
            self._save_better()

    def save_interrupted(self) -> None:
        """Save the model of an interrupted training: a network that was never measured replaces no other model."""
        if self._networks.best is None and not bundle.exists(self._setup.path):
            self.save(assemble(self._setup, self._networks))
        self._save_better()

    def save(self, model: bundle.Bundle) -> None:
        """Save a model.   OutputError: the directory cannot be written."""
        with self._pace.writing():
            bundle.save(self._setup.path, model)
        if not self.has_saved:
            with writing(self._setup.path):
                (self._setup.path / "report.html").unlink(missing_ok=True)  # of the previous model
        self._saved, self.has_saved = self._networks.best, True

    def _save_better(self) -> None:
        best = self._networks.best
        if best is not None and best is not self._saved:
            self.save(assemble(self._setup, self._networks))


def assemble(setup: Setup, networks: Ensemble, calibrated: calibration.Calibration | None = None) -> bundle.Bundle:
    """Return the model of the best parameters so far."""
    prepared = setup.prepared
    described = manifest.describe(prepared, setup.origin, None if networks.best is None else networks.position)
    return bundle.Bundle(
        prepared.config,
        prepared.source,
        prepared.target,
        prepared.limits,
        networks.weights(),
        described | ({} if calibrated is None else {"calibration": calibrated}),
        lexicon=prepared.lexicon,
    )
