"""Whether a result was planned, and which of how many attempts it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.evaluation.run_folder import Run


@dataclass(frozen=True, slots=True)
class Standing:
    """`plan` is the frozen plan's name, "" where there was none; run `number` of `of` on its target."""

    plan: str
    number: int
    of: int

    @property
    def words(self) -> str:
        """Say it as it stands beside every figure."""
        if self.plan:
            return f"planned ({self.plan}), run {self.number} of {self.of} on this target"
        return f"exploratory, run {self.number} of {self.of} on this target"


def standing(run: Run, runs: Sequence[Run]) -> Standing:
    """Return how a run stands among all runs of its study.

    Runs on the same recipe are counted, whatever became of them: a figure that was looked at and left is an
    attempt too.
    """
    same = [each for each in runs if recipe_of(each) == recipe_of(run)]
    names = [each.name for each in same]
    number = names.index(run.name) + 1 if run.name in names else len(names) + 1
    plan = run.facts.get("plan") or {}
    return Standing(str(plan.get("name", "")), number, max(len(names), number))


def recipe_of(run: Run) -> str:
    """Return what makes two runs be on the same target: the recipe's SHA-256, its name apart."""
    return str(run.facts.get("recipe_sha256", run.experiment.target_sha256))
