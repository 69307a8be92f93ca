"""The tests as a paragraph in the usual reporting form, ready to be pasted."""

from __future__ import annotations

import math

from analysis.statistics.effects import ALPHA
from analysis.statistics.items import ByItems
from analysis.statistics.pairs import Pair, Simple
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


def amount(value: float) -> str:
    """Return a mean or a difference with three digits, of large numbers all before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def effect_words(effect: Effect, letter: str = "F") -> str:
    """Return F(df1, df2) = ..., p, partial eta squared, with the correction where one was needed."""
    df1, df2, p = effect.decided
    corrected = f", Greenhouse-Geisser epsilon = {number(effect.epsilon)}" if effect.epsilon < 1 else ""
    return (
        f"{letter}({degrees(df1)}, {degrees(df2)}) = {effect.f:.2f}, {p_words(p)}, "
        f"partial eta squared = {number(effect.eta_p2)}{corrected}"
    )


def pair_words(pair: Pair, unit: str) -> str:
    """Return a pair with its interval, p after Bonferroni, and d_z."""
    size = f" {unit}" if unit else ""
    if math.isnan(pair.t):
        return f"{pair.one} minus {pair.other}: {amount(pair.mean)}{size} of every participant, no test"
    interval = f"[{amount(pair.low)}, {amount(pair.high)}]"
    return (
        f"{pair.one} minus {pair.other}: {amount(pair.mean)}{size} {interval}, "
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
        said.append(_told(effect))
        for pair in found.pairs.get(effect.name, ()) if effect.decided[2] < ALPHA else ():
            said.append(f"{pair_words(pair, design.unit)}.")
    if len(found.effects) == 3 and found.effects[2].decided[2] < ALPHA:
        said += [_simple(each) for each in found.simples if each.factor == design.factors[0]]
    if found.items is not None:
        said.append(_over_items(found.items))
    said.append(
        "Pairs and their intervals are corrected after Bonferroni; Greenhouse-Geisser is used where "
        "Mauchly's test has p < .05, or where Mauchly's test cannot be made."
    )
    return " ".join(said)


def _told(effect: Effect) -> str:
    if effect.is_flat:
        return f"{effect.name} cannot be tested: every participant gives the very same differences."
    reading = "There was an effect of" if effect.decided[2] < ALPHA else "No effect was found of"
    return f"{reading} {effect.name}, {effect_words(effect)}."


def _simple(simple: Simple) -> str:
    begun = f"Simple effect of {simple.factor} in {simple.inside}"
    if simple.univariate is None:
        return f"{begun}: no test, every participant gives the very same differences."
    return f"{begun}: {effect_words(simple.univariate)}."


def _over_items(items: ByItems) -> str:
    how = [f"{name} between them" for name in items.between] + [
        f"{name} within each" for name in items.within
    ]
    tests = "; ".join(
        f"{each.name}, {'no test' if each.is_flat else effect_words(each, 'F2')}" for each in items.effects
    )
    return f"Over {items.n} {items.units} ({', '.join(how)}): {tests}."
