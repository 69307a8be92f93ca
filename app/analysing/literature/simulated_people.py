"""Simulated participants for papers without open data: sessions of a bundled protocol, an effect planted."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from analysis.simulate.settings import Settings
from app.analysing.literature.reproducing import LiteratureError, Order
from app.analysing.simulating import Live, Request, simulate, simulation_study
from app.study import Study
from protocols.load import load_protocol

LIVE = "app.presenter.simulated:live_through"
"""Who lives through a simulated session: the presenter, which this room may name and not import."""


def simulated_study(
    order: Order,
    name: str,
    protocol: str,
    participants: int,
    settings: Settings,
    changed: Mapping[str, str] | None = None,
) -> Study:
    """Return a study of simulated participants below the order's, made where it is not there yet.

    `protocol` is a bundled one; in its text each of `changed` is replaced, such as a duration. The text must
    hold it once. Raises EvokeError.
    """
    folder = order.study.folder / "derivatives" / "simulated" / name
    if (folder / "study.yaml").is_file():
        study = Study.open(folder)
        if len(study.sessions()) >= participants:
            return study
    study = simulation_study(folder, name=name)
    asked = protocol
    if changed:
        text = load_protocol(protocol).text
        for before, after in changed.items():
            if text.count(before) != 1:
                raise LiteratureError(
                    f"protocol {protocol}: '{before}' is not in it once, so it stays as it is."
                )
            text = text.replace(before, after)
        asked = f"{name}.yaml"
        (folder / asked).write_text(text, encoding="utf-8")
    module, _, attribute = LIVE.partition(":")
    live: Live = getattr(import_module(module), attribute)
    missing = participants - len(study.sessions())

    def told(done: int, of: int, words: str) -> None:
        order.said(f"simulated {done} of {of} {words}")

    simulate(study, Request(asked, missing, settings, order.workers), live, told, order.cancelled)
    return study
