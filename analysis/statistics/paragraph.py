"""The tests as a paragraph in the usual reporting form, ready to be pasted."""

from __future__ import annotations

import math

from analysis.statistics.pairs import Pair
from analysis.statistics.repeated import Effect
from analysis.statistics.within import Within


def number(value: float, digits: int = 3) -> str:
    """Return a number that cannot pass 1 without its leading zero (".035"), others as they are."""
    if not math.isfinite(value):
        return "not known"
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def p_words(p: float) -> str:
    """Return "p = .012", or "p < .001"."""
    if not math.isfinite(p):
        return "p not known"
    return "p < .001" if p < 0.0005 else f"p = {number(p)}"


def degrees(df: float) -> str:
    """Return degrees of freedom, with two decimals where they were corrected."""
    return f"{df:.0f}" if abs(df - round(df)) < 1e-9 else f"{df:.2f}"


def effect_words(effect: Effect) -> str:
    """Return F(df1, df2) = ..., p, partial eta squared, with the correction where one was needed."""
    df1, df2, p = effect.decided
    corrected = f", Greenhouse-Geisser epsilon = {number(effect.epsilon)}" if effect.epsilon < 1 else ""
    return (
        f"F({degrees(df1)}, {degrees(df2)}) = {effect.f:.2f}, {p_words(p)}, "
        f"partial eta squared = {number(effect.eta_p2)}{corrected}"
    )


def pair_words(pair: Pair, unit: str) -> str:
    """Return a pair with its interval, p after Bonferroni, and d_z."""
    size = f" {unit}" if unit else ""
    return (
        f"{pair.one} minus {pair.other}: {pair.mean:.3g}{size} [{pair.low:.3g}, {pair.high:.3g}], "
        f"t({pair.df}) = {pair.t:.2f}, {p_words(pair.p_bonferroni)}, d_z = {pair.d_z:.2f}"
    )


def paragraph(found: Within, standing: str = "exploratory") -> str:
    """Return the report in words; `standing` says whether this was planned beforehand."""
    design = found.design
    both = zip(design.factors, found.levels, strict=True)
    sizes = " x ".join(f"{len(own)} ({name})" for name, own in both)
    said = [
        f"{design.measure.capitalize()} of {len(found.participants)} participants ({found.trials} trials) "
        f"went into a {sizes} analysis of variance with repeated measures ({standing}).",
        f"Trimming: {design.trimming.words}.",
    ]
    lost = [f"{count} {why}" for why, count in found.lost]
    if lost:
        said.append(f"Trials left out: {', '.join(lost)}.")
    if found.left_out:
        said.append(f"Participants left out: {', '.join(f'{code} ({why})' for code, why in found.left_out)}.")
    for effect in found.effects:
        reading = "There was an effect of" if effect.decided[2] < 0.05 else "There was no effect of"
        said.append(f"{reading} {effect.name}, {effect_words(effect)}.")
        for pair in found.pairs.get(effect.name, ()) if effect.decided[2] < 0.05 else ():
            said.append(f"{pair_words(pair, design.unit)}.")
    if len(found.effects) == 3 and found.effects[2].decided[2] < 0.05:
        for simple in found.simples:
            if simple.factor == design.factors[0]:
                said.append(
                    f"Simple effect of {simple.factor} in {simple.inside}: {effect_words(simple.univariate)}."
                )
    said.append(
        "Pairs and their intervals are corrected after Bonferroni; Greenhouse-Geisser is used where "
        "Mauchly's test has p < .05."
    )
    return " ".join(said)
