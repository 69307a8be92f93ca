"""What `evoke check` tells of a protocol: its length, its timing on a screen, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from stimuli.problems import Problem, ProblemsError

if TYPE_CHECKING:
    from protocols.frames import Achievable
    from protocols.protocol import Protocol
    from protocols.schedule import Schedule

SCREEN_RATE_HZ = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: `lines` for people, `facts` for programs."""

    kind: str
    problems: Sequence[Problem] = ()
    lines: Sequence[str] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def check_protocol(target: str, rate_hz: float | None = None) -> Report:
    """Examine a bundled protocol by name, or a file, for a screen of `rate_hz` (60 Hz if None).

    What a screen cannot show is a problem where the protocol says `rounding: refuse` and a rate is given.
    """
    from protocols.expand import expand
    from protocols.load import load_protocol
    from protocols.safety import safety_problems

    try:
        protocol = load_protocol(target)
    except ProblemsError as error:
        return Report("protocol", error.problems)
    schedule = expand(protocol, "check", 1, 0, 0)
    timing, refused = _timing(protocol, rate_hz or SCREEN_RATE_HZ)
    problems = [
        *safety_problems(protocol),
        *(refused if rate_hz is not None else ()),
        *_unknown_rules(protocol),
        *_unshown(protocol),
    ]
    files = protocol.stimuli.problems(sorted(_used(protocol)))
    notes = [
        *_notes(protocol),
        *_unlearned(schedule),
        *([] if rate_hz is not None else [str(problem) for problem in refused]),
    ]
    if protocol.document.placeholders == "allowed":
        notes += [f"a placeholder stands in: {problem}" for problem in files]
    else:
        problems += files
    lines = [*_lines(protocol, schedule), *(_told(entry) for entry in timing)]
    return Report(
        "protocol",
        problems,
        [*lines, *(f"note: {note}" for note in notes)],
        _facts(protocol, schedule) | {"rate_hz": rate_hz or SCREEN_RATE_HZ, "timing": timing, "notes": notes},
    )


def _lines(protocol: Protocol, schedule: Schedule) -> list[str]:
    kinds = Counter(stage.kind for stage in schedule.stages)
    longest = "no upper limit" if schedule.max_s is None else f"at most {_minutes(schedule.max_s)}"
    languages = ", ".join(protocol.languages)
    return [
        f"{protocol.title} ({protocol.name}, version {protocol.version})",
        f"typical duration {_minutes(schedule.typical_s)}, at least {_minutes(schedule.min_s)}, {longest}",
        f"{len(schedule.trials)} trials ({sum(trial.practice for trial in schedule.trials)} practice), "
        f"{len(schedule.stages)} stages: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        f"{protocol.slots} counter-balancing slots, stimulus set {protocol.stimulus_set}",
        f"language{'s' if len(protocol.languages) > 1 else ''}: {languages}",
    ]


def _facts(protocol: Protocol, schedule: Schedule) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "version": protocol.version,
        "title": protocol.title,
        "sha256": protocol.sha256,
        "min_s": schedule.min_s,
        "typical_s": schedule.typical_s,
        "max_s": schedule.max_s,
        "trials": len(schedule.trials),
        "stages": dict(Counter(stage.kind for stage in schedule.stages)),
        "slots": protocol.slots,
        "languages": list(protocol.languages),
        "missing_originals": _missing_originals(protocol),
    }


def _timing(protocol: Protocol, rate_hz: float) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return what is asked for and what the screen can show of every timed stage, and what it must refuse."""
    from protocols.frames import achievable, step_frames
    from protocols.parts import Spread
    from protocols.stages_drawn import Sequence as Rapid

    found: list[dict[str, Any]] = []
    refused: list[Problem] = []
    for loc, stage, _ in protocol.document.stages():
        if isinstance(stage, Rapid):
            shown = step_frames([step.duration_s for step in stage.steps], rate_hz)
            found += (_entry(stage.label, step, number) for number, step in enumerate(shown, start=1))
            if stage.rounding == "refuse" and not all(step.is_exact for step in shown):
                asked = "/".join(f"{step.requested_s * 1000:g}" for step in shown)
                got = "/".join(f"{step.achievable_s * 1000:.1f}" for step in shown)
                message = f'"{stage.label}" asks for {asked} ms; a screen at {rate_hz:g} Hz shows {got} ms.'
                remedy = "Use another screen or other durations, or write rounding: nearest."
                line = protocol.lines.get((*loc, "steps"), protocol.lines.get(loc))
                refused.append(Problem(protocol.file, line, message, remedy))
            continue
        given = getattr(stage, "duration_s", None)
        if isinstance(given, Spread):
            found += (
                _entry(stage.label, achievable(length, rate_hz)) for length in (given.from_s, given.to_s)
            )
        elif isinstance(given, float):
            found.append(_entry(stage.label, achievable(given, rate_hz)))
    unique = {(entry["stage"], entry["step"], entry["requested_s"]): entry for entry in found}
    return [unique[key] for key in sorted(unique)], refused


def _entry(stage: str, shown: Achievable, step: int = 0) -> dict[str, Any]:
    return {"stage": stage, "step": step, **asdict(shown), "exact": shown.is_exact, "shown": str(shown)}


def _told(entry: dict[str, Any]) -> str:
    step = f", step {entry['step']}" if entry["step"] else ""
    return f"  {entry['stage']}{step}: {entry['requested_s']:g} s requested, {entry['shown']}"


def _missing_originals(protocol: Protocol) -> dict[str, list[str]]:
    """Return the paper's own stimuli that the protocol's set does not have, by category."""
    stimuli = protocol.document.stimuli
    missing = {
        name: [key for key in ids if key not in protocol.stimuli.items]
        for name, ids in stimuli.originals.items()
    }
    return {name: ids for name, ids in missing.items() if ids}


def _notes(protocol: Protocol) -> Iterator[str]:
    from app.presenter.phrases import is_spoken

    for name, ids in _missing_originals(protocol).items():
        yield f'"{name}": {", ".join(ids)} of the paper are not in the set {protocol.stimulus_set}'
    for language in protocol.languages:
        if not is_spoken(language):
            yield f'the words that the program itself says come in English, not in "{language}"'


def _used(protocol: Protocol) -> set[str]:
    """Return the ids of all stimuli that any session may show."""
    from protocols.pools import possible_stimuli

    document = protocol.document
    named = {
        key
        for _, stage, trial in document.stages()
        for key in possible_stimuli(document, stage, trial, protocol.pools)
    }
    pooled = (
        key
        for name, category in document.stimuli.categories.items()
        if category.items is None
        for key in protocol.pools[name]
    )
    return {key for key in (*named, *pooled) if key in protocol.stimuli.items}


def _unknown_rules(protocol: Protocol) -> Iterator[Problem]:
    """Yield trials that are to choose by a rule that there is not."""
    from app.presenter.choosing import RULES
    from app.recommenders import RULE, is_recommending
    from stimuli.yamlfile import did_you_mean

    for name in protocol.document.trials:
        choose = protocol.document.template(name).choose
        if choose is not None and choose.by not in RULES and not is_recommending(choose.by):
            line = protocol.lines.get(("trials", name, "choose", "by"))
            message = f'there is no rule "{choose.by}" to choose by.'
            yield Problem(protocol.file, line, message, did_you_mean(choose.by, (*RULES, RULE)))


def _unlearned(schedule: Schedule) -> Iterator[str]:
    """Yield rules that choose by what was answered, where nothing that they know is asked."""
    from app.presenter.choosing import LEARNED, NEEDED
    from app.recommenders import is_recommending
    from protocols.scales import scales_of

    asked = {name for dimensions, _, _ in scales_of(schedule).values() for name in dimensions.split()}
    rules = {trial.chosen_by for trial in schedule.trials if trial.candidates}
    for rule in sorted(rules) if not asked & set(NEEDED) else ():
        if rule in LEARNED or is_recommending(rule):
            yield (
                f'"{rule}" chooses by what the participant answers, and no item asks for'
                f" {', '.join(NEEDED[:-1])} or {NEEDED[-1]}: it learns nothing of them"
            )


def _unshown(protocol: Protocol) -> Iterator[Problem]:
    """Yield texts with characters that would be seen as boxes."""
    from app.presenter.glyphs import missing_glyphs

    texts = list(_texts(protocol))
    missing = set(missing_glyphs("".join(text for _, _, text in texts)))
    for line, file, text in texts:
        found = [character for character in dict.fromkeys(text) if character in missing]
        if found:
            named = ", ".join(f"{each} (U+{ord(each):04X})" for each in found[:5])
            message = f"no font of this computer has {named}."
            remedy = "Install a font with this script, or write it in another way."
            yield Problem(file, line, message, remedy)


def _texts(protocol: Protocol) -> Iterator[tuple[int | None, str, str]]:
    """Yield (line, file, text) of all that a participant may read."""
    from protocols.filling import words_of

    lines = protocol.lines
    for loc, words, _ in words_of(protocol.document):
        for language, text in (words.table or {"": str(words.root)}).items():
            yield lines.get((*loc, language), lines.get(loc)), protocol.file, text
    for name, instrument in protocol.instruments.items():
        for _, words, _ in words_of(instrument):
            for language in protocol.languages:
                yield None, f"instrument {name}", words.in_language(language)
    for name, lists in protocol.sentences.items():
        for sentences in lists.values():
            text = "".join(sentence.text for sentence in sentences)
            yield lines.get(("sentences", name)), protocol.file, text


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{seconds:g} s" if seconds < 100 else f"{whole // 60} min {whole % 60:02d} s"
