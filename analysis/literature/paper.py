"""What a paper printed, table by table, and what was found here, kept apart: other data, other figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Printed:
    """A table as the paper prints it; `notes` name its misprints. None in a cell: the paper has none."""

    title: str
    data: str
    protocol: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ours:
    """A table that was computed here: on which data, by which protocol, beside which controls.

    `controls` say chance, majority, permutations and guards in words; `runs` name the runs behind it.
    `published` names the title of a printed table of the same data and protocol: only then is a difference
    shown. "" where there is none, which is nearly always.
    """

    title: str
    data: str
    protocol: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    controls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    published: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: what its system is, its tables, what it leaves open, and where the system is to be found here.

    `doubts` are pairs of what is contradictory or missing and what was chosen. `recognizers` are names in the
    table of recognizers, `step` the page of Analyse ("" for none), `takes` what `evoke reproduce NAME` wants
    as its source in words ("" for nothing: the table is made on simulated participants).
    """

    name: str
    title: str
    source: str
    about: str
    printed: tuple[Printed, ...]
    doubts: tuple[tuple[str, str], ...]
    recognizers: tuple[str, ...] = ()
    step: str = ""
    takes: str = ""


PAPERS: Mapping[str, str] = MappingProxyType(
    {
        "mer-sem-mbt": "analysis.literature.mer_sem_mbt:PAPER",
        "personality": "analysis.literature.personality:PAPER",
        "csi": "analysis.literature.csi:PAPER",
        "micro-expressions": "analysis.literature.micro_expressions:PAPER",
        "depression": "analysis.literature.depression:PAPER",
        "eeg-channels": "analysis.literature.eeg_channels:PAPER",
        "eeg-survey": "analysis.literature.eeg_survey:PAPER",
        "imemd": "analysis.literature.imemd:IMEMD",
        "pdan": "analysis.literature.pdan:PDAN",
        "psa-yolo": "analysis.literature.psa_yolo:PAPER",
        "recommendation": "analysis.literature.recommendation:PAPER",
    }
)


def paper(name: str) -> Paper:
    """Return a paper by its name; raises KeyError."""
    module, _, attribute = PAPERS[name].partition(":")
    found: Paper = getattr(import_module(module), attribute)
    return found


def papers() -> tuple[Paper, ...]:
    """Return all of them."""
    return tuple(map(paper, PAPERS))
