"""A draft of the methods section, of nothing but what the files say; what they do not is left as a gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.session_file import SessionFileError, open_session
from app.analysing.html_page import Page
from app.analysing.plans import Plan
from app.participants import roster
from app.study import Study

GAP = "[…]"


def add_methods(
    page: Page,
    study: Study,
    corpus: Corpus,
    recorded: Mapping[str, Any],
    annotators: int,
    plans: tuple[Plan, ...],
) -> None:
    """Add the section to a page."""
    page.section("Methods, a draft")
    page.text(
        "Written from the files alone. Fill in what stands in brackets and check every sentence.", soft=True
    )
    for paragraph in paragraphs(study, corpus, recorded, annotators, plans):
        page.text(paragraph)


def paragraphs(
    study: Study,
    corpus: Corpus,
    recorded: Mapping[str, Any],
    annotators: int,
    plans: tuple[Plan, ...],
) -> tuple[str, ...]:
    """Return the draft, a paragraph each."""
    facts = _facts(corpus)
    said = [_participants(study, corpus), _procedure(corpus, facts), _recording(recorded, facts)]
    if annotators == 1:
        said.append(f"One annotator labelled trials with Evoke; agreement is not known. It was {GAP}.")
    elif annotators:
        said.append(
            f"{annotators} annotators labelled trials with Evoke; how far they agree stands above. "
            f"They were {GAP}."
        )
    for plan in plans:
        names = ", ".join(experiment.recognizer for experiment in plan.experiments)
        said.append(
            f"The analysis '{plan.name}' ({names}; primary metric {plan.metric}) was frozen on "
            f"{plan.frozen_utc[:10]} with {len(plan.participants)} participants recorded "
            f"(SHA-256 {plan.sha256[:16]}…)."
        )
    if not plans:
        said.append("No analysis plan was frozen: results of recognizers are exploratory.")
    return tuple(said)


def _participants(study: Study, corpus: Corpus) -> str:
    people = [person for person in roster(study) if person.code in corpus.participants]
    if study.kind == "simulation":
        return f"The {len(corpus.participants)} participants are simulated: no person took part."
    groups = Counter(person.group for person in people if person.group)
    told = ", ".join(f"{count} in group {name}" for name, count in sorted(groups.items()))
    return (
        f"{len(corpus.participants)} participants{f' ({told})' if told else ''} were analysed; the flow "
        f"above tells who was not, and why. They were {GAP} years old, {GAP}. Informed consent: {GAP}. "
        f"The study was approved by {GAP}."
    )


def _procedure(corpus: Corpus, facts: Mapping[str, Any]) -> str:
    protocols = ", ".join(f"'{name}' (version {version})" for name, version in facts["protocols"]) or GAP
    categories = Counter(trial.category for trial in corpus.trials if trial.category)
    shown = ", ".join(f"{count} {name}" for name, count in sorted(categories.items()))
    stimuli = len({trial.stimulus for trial in corpus.trials if trial.stimulus})
    lengths = sorted(trial.shown[1] - trial.shown[0] for trial in corpus.trials)
    middle = lengths[len(lengths) // 2] if lengths else None
    length = GAP if middle is None else f"{middle:.3g} s (median)"
    return (
        f"Sessions followed the protocol {protocols}. {len(corpus.trials)} trials with {stimuli} stimuli "
        f"({shown or GAP}) were analysed; a stimulus was there for {length}. "
        f"Their order was {GAP}."
    )


def _recording(recorded: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    rates = ", ".join(
        f"{kind} ({' or '.join(_way(rate, channels) for rate, channels in sorted(ways))})"
        for kind, ways in sorted(recorded["rates"].items())
    )
    onset = recorded["onset_p99_ms"]
    timing = (
        f" Stimulus onsets were logged at the buffer swap; the worst recording's 99th percentile was "
        f"{onset:.1f} ms after the planned time."
        if onset is not None
        else " Stimulus onsets were not measured."
    )
    software = ", ".join(facts["software"]) or GAP
    return (
        f"Evoke ({software}) recorded {rates or GAP} on one clock. "
        f"{recorded['lost'] or 'No'} stream{'s' if recorded['lost'] != 1 else ''} had gaps that were not "
        f"meant.{timing}"
    )


def _way(rate_hz: float, channels: int) -> str:
    told = f"{channels} channel{'s' if channels > 1 else ''}"
    return f"{told} at {rate_hz:g} Hz" if rate_hz else told


def _facts(corpus: Corpus) -> dict[str, Any]:
    protocols: dict[tuple[str, int], None] = {}
    software: dict[str, None] = {}
    for recording in corpus.recordings:
        try:
            with open_session(recording.path) as session:
                name = str(session.protocol.get("name", ""))
                if name:
                    protocols[name, int(session.protocol.get("version", 0))] = None
                versions = session.attributes.get("software")
                if isinstance(versions, dict) and versions.get("evoke"):
                    software[f"version {versions['evoke']}"] = None
        except SessionFileError:
            continue
    return {"protocols": tuple(protocols), "software": tuple(software)}
