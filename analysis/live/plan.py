"""How a trained recognizer is to run live, what cannot, and which inputs know less than in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.steps import is_transductive, mixes_cases
from analysis.evaluation.trained import WITHOUT_ADAPTATION, Trained
from analysis.features.as_live import AS_LIVE, live_inputs
from analysis.features.feature import feature
from analysis.features.store import settings_of

MEMORY_S = 60.0
HOP_S = 1.0
PATIENCE_S = 1.5
TRIAL_S = 10.0
LEAST_BASELINE = 5
NEVER = frozenset({"text"})
"""Modalities that no running stream holds."""
GROWING = "csi"
"""Channel state: nodes write it into logs, which come in when they are complete."""


class LiveError(Exception):
    """A recognizer cannot run live; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class LivePlan:
    """A decision every `hop_s` about the last `case_s`, from inputs that know what they say.

    `patience_s` is how long a window waits for a stream that is late. `baseline_s` is how long cases are
    only collected, for steps that scale by a person's own cases (0: none are needed). `told` is what a reader
    must know.
    """

    inputs: tuple[InputSpec, ...]
    case_s: float
    hop_s: float
    patience_s: float
    baseline_s: float
    told: tuple[str, ...]

    @property
    def memory_s(self) -> float:
        """How much of every stream must be kept."""
        known = (float(spec.settings[AS_LIVE]) for spec in self.inputs)
        return max(self.case_s, *known) + 2 * self.patience_s + self.hop_s

    @property
    def cases(self) -> CaseSpec:
        """The same windows for a recording."""
        return CaseSpec("window", self.case_s, self.hop_s)


def plan_for(
    trained: Trained,
    *,
    case_s: float = 0.0,
    hop_s: float = HOP_S,
    memory_s: float = MEMORY_S,
    patience_s: float = PATIENCE_S,
    baseline_s: float = 0.0,
    has_baseline: bool = False,
) -> LivePlan:
    """Return how a trained recognizer runs live; `case_s` 0: as long as it was trained on.

    `has_baseline` says that a recording of the person gives the baseline. Raises LiveError for what cannot
    run live.
    """
    cases = trained.experiment.cases or trained.card.cases
    title = trained.card.title
    if cases.unit == "session":
        raise LiveError(f"{title} decides about a whole visit, which is known when it is over: not live.")
    mixing = mixes_cases(trained.steps.names)
    if mixing:
        raise LiveError(
            f"{title} was trained with the step {' and '.join(mixing)}, which looks at later cases: it cannot"
            " run live. Train it without this step."
        )
    transductive = is_transductive(trained.steps.names)
    if not transductive:
        baseline_s = 0.0
    elif not has_baseline and baseline_s < LEAST_BASELINE * hop_s:
        raise LiveError(
            f"{title} was trained with {' and '.join(transductive)}: it needs cases of the same person before"
            f" it can decide. Give a baseline of at least {LEAST_BASELINE * hop_s:g} s (--baseline SECONDS),"
            " or a recording of the person (--baseline-from SESSION.h5)."
        )
    if hop_s <= 0:
        raise LiveError(f"A decision every {hop_s:g} s is impossible: more than 0 is meant.")
    length_s = case_s or cases.window_s or TRIAL_S
    memory_s = max(memory_s, length_s)
    inputs = live_inputs(trained.inputs, memory_s)
    told = [*_differences(trained.inputs, memory_s)]
    if cases.unit != "window":
        told.append(
            f"trained on {'trials' if cases.unit == 'trial' else 'presses'}; live it decides about the last"
            f" {length_s:g} s, whatever is done in them"
        )
    if transductive:
        told.append(f"{' and '.join(transductive)}: scaled by the baseline's cases and the present one")
    if trained.card.transductive:
        told += [WITHOUT_ADAPTATION.format(title).rstrip("."), *_published(trained)]
    return LivePlan(inputs, length_s, hop_s, patience_s, 0.0 if has_baseline else baseline_s, tuple(told))


def _published(trained: Trained) -> Iterator[str]:
    """Yield the range of the published figures of a recognizer that adapts: how little that already is."""
    for metric in dict.fromkeys(each.metric for each in trained.card.published):
        own = [each for each in trained.card.published if each.metric == metric]
        values = [each.value for each in own]
        data = " ".join(own[0].data.partition(":")[0].split())
        yield (
            f"published, with adaptation: {metric} {min(values):.0f} to {max(values):.0f} ({data};"
            f" {own[0].protocol})"
        )


def _differences(inputs: Sequence[InputSpec], memory_s: float) -> Iterator[str]:
    """Yield which inputs are told something else live than in training, and what."""
    for spec in inputs:
        if spec.modality == GROWING:
            yield f"{spec.name}: a WiFi log that still grows is not followed; replay a recording of it"
        if spec.modality in NEVER:
            yield f"{spec.name}: no running stream holds {spec.modality}; it stays absent"
        if AS_LIVE in spec.settings:
            continue
        reach = feature(spec.feature).reach(settings_of(spec, feature(spec.feature)), 0.0)
        lost = []
        if reach.after_s > 0 or reach.about_s > 0:
            lost.append(f"{max(reach.after_s, reach.about_s):g} s around a window")
        if reach.is_filtered:
            lost.append("filters that ran over the whole recording")
        if reach.whole:
            lost.append(reach.whole)
        if lost:
            yield (
                f"{spec.name} ({spec.feature}): trained on what is known afterwards ({', '.join(lost)});"
                f" live it knows the last {memory_s:g} s"
            )


def offline_twin(trained: Trained, plan: LivePlan) -> Trained:
    """Return a recognizer that computes its inputs of recordings as it does live."""
    experiment = replace(trained.experiment, inputs=plan.inputs, cases=plan.cases)
    return replace(trained, experiment=experiment)
