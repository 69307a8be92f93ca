"""Files of labels that other programs wrote, or nobody should: what is understood, and what is told."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.exchange.labels_bids import Axis, read_bids
from analysis.exchange.labels_csv import read_csv
from analysis.exchange.labels_eaf import read_eaf, write_eaf
from analysis.exchange.labels_nova import read_nova, write_nova
from analysis.exchange.labels_rows import Found, LabelImportError, Labels
from analysis.labels.records import NS, Mark
from analysis.labels.scheme import Scheme
from tests.helpers.labels import SCHEME

ONE_TIER = replace(SCHEME, tiers=SCHEME.tiers[:1])
TRIALS = replace(SCHEME, tiers=tuple(tier for tier in SCHEME.tiers if tier.kind == "trial"))
AXIS = Axis((0.0,), (0.0,))
MS = 1_000_000


def told(found: list[Found]) -> list[tuple[object, ...]]:
    return [(m.tier, m.start_ns, m.end_ns, m.label, m.trial) for each in found for m in each.marks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start,end,label\n1.5,2,happy\n", [("mood", 1_500 * MS, 2_000 * MS, "happy", -1)]),
        ("\ufeffOnset;Duration;Emotion\n1.5;0.5;Happy\n", [("mood", 1_500 * MS, 2_000 * MS, "happy", -1)]),
        ("begin\tend\tclass\ttrial\n0.1\t0.2\tSAD\t3\n", [("mood", 100 * MS, 200 * MS, "sad", 3)]),
        ("start_ms,end_ms,label\n1500,2000,sad\n\n", [("mood", 1_500 * MS, 2_000 * MS, "sad", -1)]),
        ('start,end,label\r\n1,2,"happy"\r\n', [("mood", NS, 2 * NS, "happy", -1)]),
        ("start,end,label\n0.000000001,1e1,cannot tell\n", [("mood", 1, 10 * NS, "cannot_tell", -1)]),
    ],
)
def test_tables_of_other_programs_are_understood(
    tmp_path: Path, text: str, expected: list[tuple[object, ...]]
) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert told(read_csv(path, ONE_TIER)) == expected


def test_a_table_may_answer_whole_trials(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("trial,question,value,confidence\n3,valence,7,0.5\n3,kind,Happy,0.5\n", encoding="utf-8")
    found = [(m.trial, dict(m.value)) for each in read_csv(path, TRIALS) for m in each.marks]
    assert found == [(3, {"valence": 7}), (3, {"kind": "happy"})]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (
            "start,end,label\n1,2,hapy\n",
            r"theirs\.csv:2: the scheme has no label 'hapy'. Did you mean 'happy'\?",
        ),
        ("start,end,label\n1,x,happy\n", r"theirs\.csv:2: 'x' is no time"),
        ("start,end,label\n1,inf,happy\n", "'inf' is no time"),
        ("start,end,label\n1,1e99,happy\n", "'1e99' is no time"),
        ("start,end,label\n2,1,happy\n", "has to end after its start"),
        ("start,end,label\n1,2\n", r"theirs\.csv:2: has 2 columns, the header 3"),
        ("start,end,label,confidence\n1,2,happy,1.5\n", "a confidence of 1.5 is outside"),
        ("start,end,label,confidence\n1,2,happy,nan?\n", "'nan\\?' is no number"),
        ("start,end,label,trial\n1,2,happy,1.5\n", "'1.5' is no whole number"),
        ("start,end,label,tier\n1,2,happy,modd\n", "no tier 'modd'. Did you mean 'mood'"),
        ("start,end,label,scheme\n1,2,happy,sam@1\n", "holds nothing by mixed@1, only by sam@1"),
        ("label\nhappy\n", "has no tier of trial"),
        ("start,label\n1,happy\n", "has no tier of point"),
        ('start,end,label\n1,2,"happy\n', "is no CSV"),
        ("id,start,end,label\na,1,2,happy\na,1,3,happy\n", "the id 'a' stands for two labels"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelImportError, match=words):
        read_csv(path, ONE_TIER)


def test_text_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_bytes("start,end,label\n1,2,fröhlich\n".encode("latin-1"))
    with pytest.raises(LabelImportError, match="is no UTF-8 text"):
        read_csv(path, ONE_TIER)


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="{start}"/>
<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2000"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="{tier}" ANNOTATOR="eva">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="{stop}">
<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="words" TIER_ID="child" PARENT_REF="{tier}">
<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1"><ANNOTATION_VALUE>x</ANNOTATION_VALUE>
</REF_ANNOTATION></ANNOTATION></TIER>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true" GRAPHIC_REFERENCES="false"/>
</ANNOTATION_DOCUMENT>"""


def elan(
    folder: Path, start: str = "1500", tier: str = "Mood", text: str = "Happy", stop: str = "ts2"
) -> Path:
    path = folder / "theirs.eaf"
    path.write_text(ELAN.format(start=start, tier=tier, text=text, stop=stop), encoding="utf-8")
    return path


def test_an_elan_document_is_understood(tmp_path: Path) -> None:
    found = read_eaf(elan(tmp_path), SCHEME)
    assert told(found) == [("mood", 1_500 * MS, 2_000 * MS, "happy", -1)]
    assert found[0].annotator == "eva"
    assert [left.what for left in found[0].left_out] == ["tier child"]
    assert told(read_eaf(elan(tmp_path, tier="default", text="sad"), ONE_TIER))[0][3] == "sad"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": "1.5"}, "is no whole number of milliseconds"),
        ({"tier": "Moood"}, "no tier 'Moood'. Did you mean 'mood'"),
        ({"text": "angry"}, "tier Mood, a1: the scheme has no label 'angry'"),
        ({"stop": "ts3"}, "has no time of its own"),
        ({"start": "2500"}, "has to end after its start"),
    ],
)
def test_what_is_wrong_in_an_elan_document_is_told(
    tmp_path: Path, change: dict[str, str], words: str
) -> None:
    with pytest.raises(LabelImportError, match=words):
        read_eaf(elan(tmp_path, **change), SCHEME)


HOSTILE = {
    "entities that swell": (
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + ELAN.split("\n", 1)[1]
    ),
    "an entity that reads a file": (
        '<?xml version="1.0"?>\n<!doctype a [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<a>&x;</a>'
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize(("suffix", "read"), [(".eaf", read_eaf), (".annotation", read_nova)])
def test_a_document_with_entities_is_not_read(
    tmp_path: Path, text: str, suffix: str, read: Callable[[Path, Scheme], list[Found]]
) -> None:
    path = tmp_path / f"hostile{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelImportError, match="entities of its own"):
        read(path, SCHEME)


@pytest.mark.parametrize(("suffix", "read"), [(".eaf", read_eaf), (".annotation", read_nova)])
@pytest.mark.parametrize("text", ["", "no xml", "<a>", "<a/>", "<annotation/>", "\x00", "<a " * 10_000])
def test_what_is_no_document_is_told(
    tmp_path: Path, text: str, suffix: str, read: Callable[[Path, Scheme], list[Found]]
) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelImportError, match=f"broken\\{suffix}"):
        read(path, SCHEME)


def nova(folder: Path, kind: str, name: str, body: str, more: str = "") -> Path:
    path = folder / "theirs.annotation"
    items = '<item name="Happy" id="0" color="#FFC0504D" /><item name="sad" id="1" />'
    path.write_text(
        '<?xml version="1.0" ?>\n<annotation ssi-v="3">\n <info ftype="ASCII" size="2" />\n'
        f' <meta annotator="eva" role="host"/>\n'
        f' <scheme name="{name}" type="{kind}" {more}>{items}</scheme>\n'
        "</annotation>\n",
        encoding="utf-8",
    )
    path.with_name(path.name + "~").write_text(body, encoding="utf-8", newline="")
    return path


def test_annotations_of_nova_are_understood(tmp_path: Path) -> None:
    path = nova(tmp_path, "DISCRETE", "mood", "2.96;3.92;1;1\r\n8;9.72;0;0.6\r\n")
    (found,) = read_nova(path, SCHEME)
    assert told([found]) == [
        ("mood", 2_960 * MS, 3_920 * MS, "sad", -1),
        ("mood", 8_000 * MS, 9_720 * MS, "happy", -1),
    ]
    assert (found.annotator, found.recording, found.marks[1].confidence) == ("eva", "host", 0.6)
    trace = nova(tmp_path, "CONTINUOUS", "trace", "NaN;0\n0.5;1\n-1;1\n", 'sr="25" min="-1" max="1"')
    (take,) = read_nova(trace.with_name(trace.name + "~"), SCHEME)[0].takes
    assert take.t_ns.tolist() == [40 * MS, 80 * MS]
    assert take.values[:, 0].tolist() == [0.5, -1.0]


@pytest.mark.parametrize(
    ("kind", "name", "body", "more", "words"),
    [
        ("DISCRETE", "mood", "1;2;7;1\n", "", r"annotation~:1: the header has no label with the id '7'"),
        ("DISCRETE", "mood", "1;2;0\n", "", "has 3 parts between ';', not 4"),
        ("DISCRETE", "mood", "1,5;2;0;1\n", "", "'1,5' is no time"),
        ("DISCRETE", "mood", "3;2;0;1\n", "", "has to end after its start"),
        ("POLYGON", "mood", "", "", "schemes of type 'POLYGON' cannot be read"),
        ("CONTINUOUS", "trace", "0.5;1\n", 'sr="0"', "a rate of 0 samples"),
        ("CONTINUOUS", "trace", "0.5;1\n", "", "'sr': '' is no number"),
        ("CONTINUOUS", "trace", "7;1\n", 'sr="25"', "7 is outside -1 to 1"),
        ("CONTINUOUS", "trace", "0.5\n", 'sr="25"', "has 1 parts between ';', not 2"),
        ("DISCRETE", "sam@1/mood", "", "", "is by the scheme sam@1"),
    ],
)
def test_what_is_wrong_in_an_annotation_of_nova_is_told(
    tmp_path: Path, kind: str, name: str, body: str, more: str, words: str
) -> None:
    with pytest.raises(LabelImportError, match=words):
        read_nova(nova(tmp_path, kind, name, body, more), SCHEME)


def test_half_a_pair_of_nova_is_told(tmp_path: Path) -> None:
    path = nova(tmp_path, "DISCRETE", "mood", "")
    path.with_name(path.name + "~").unlink()
    with pytest.raises(LabelImportError, match=r"theirs\.annotation~: is missing"):
        read_nova(path, SCHEME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time\tlabel\n1\thappy\n", "the column 'onset' is missing"),
        ("onset\tduration\ttrial_type\n1\t-1\thappy\n", "a duration of -1 s"),
        ("onset\tduration\ttrial_type\nn/a\t1\thappy\n", "'' is no number"),
        ("onset\tduration\ttrial_type\n1\t1\thapy\n", "Did you mean 'happy'"),
        ("onset\tduration\n1\n", "has 1 columns, the header 2"),
    ],
)
def test_what_is_wrong_in_an_events_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "sub-01_events.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelImportError, match=words):
        read_bids(path, ONE_TIER, AXIS)


def test_an_events_table_of_another_program_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "sub-01_events.tsv"
    path.write_text("onset\tduration\ttrial_type\n1.5\t0.5\thappy\n", encoding="utf-8")
    assert told(read_bids(path, ONE_TIER, AXIS)) == [("mood", 1_500 * MS, 2_000 * MS, "happy", -1)]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200), kind=st.sampled_from((".csv", ".eaf", ".annotation", "_events.tsv")))
def test_no_bytes_make_a_reader_fall_over(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"any{kind}"
    path.write_bytes(content)
    readers: dict[str, Callable[[Path], list[Found]]] = {
        ".csv": lambda file: read_csv(file, SCHEME),
        ".eaf": lambda file: read_eaf(file, SCHEME),
        ".annotation": lambda file: read_nova(file, SCHEME),
        "_events.tsv": lambda file: read_bids(file, SCHEME, AXIS),
    }
    try:
        readers[kind](path)
    except LabelImportError as error:
        assert path.name in str(error)


def written(folder: Path) -> ET.Element:
    """Return an ELAN document of ours with every kind of tier."""
    marks = tuple(
        Mark(
            f"m{n}",
            "artefact",
            "anna",
            start_ns=n * 100 * MS,
            end_ns=(n * 100 + 150) * MS,
            label="sad",
            note="x",
        )
        for n in range(6)
    )
    marks += (Mark("p", "event", "anna", start_ns=5, end_ns=5, label="happy"),)
    marks += (Mark("w", "trial", "anna", trial=0, value={"valence": None}),)
    labels = Labels("sub-01_run-01", "anna", "human", SCHEME, marks, (), 0, {0: (0, NS)})
    write_eaf([labels, replace(labels, annotator="berta")], folder)
    return ET.parse(folder / "sub-01_run-01.eaf").getroot()


def test_our_elan_documents_keep_to_the_rules_of_the_format(tmp_path: Path) -> None:
    root = written(tmp_path)
    order = [child.tag for child in root]
    wanted = [
        *(
            "HEADER",
            "TIME_ORDER",
            "TIER",
            "LINGUISTIC_TYPE",
            "LANGUAGE",
            "CONSTRAINT",
            "CONTROLLED_VOCABULARY",
        ),
    ]
    assert list(dict.fromkeys(order)) == wanted
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    assert min(slots.values()) >= 0
    ids = [found.get("ANNOTATION_ID", "") for found in root.iter() if found.get("ANNOTATION_ID")]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in [*ids, *map(str, slots)])
    types = {kind.get("LINGUISTIC_TYPE_ID") for kind in root.iter("LINGUISTIC_TYPE")}
    entries = {entry.get("CVE_ID") for entry in root.iter("CV_ENTRY_ML")}
    languages = {language.get("LANG_ID") for language in root.iter("LANGUAGE")}
    names = [tier.get("TIER_ID", "") for tier in root.iter("TIER")]
    assert len(set(names)) == len(names)
    assert {"mixed@1/artefact/anna", "mixed@1/artefact/anna (2)", "mixed@1/artefact/anna/details"} <= set(
        names
    )
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        assert tier.get("PARENT_REF") in (None, *names)
        spans = []
        for found in tier.iter("ALIGNABLE_ANNOTATION"):
            start, end = (slots[found.get(f"TIME_SLOT_REF{n}")] for n in (1, 2))
            assert start < end
            spans.append((start, end))
            assert found.get("CVE_REF") in (None, *entries)
        # Nothing overlaps within a tier.
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert all(found.get("ANNOTATION_REF") in ids for found in tier.iter("REF_ANNOTATION"))
    for value in root.iter("CVE_VALUE"):
        assert value.get("LANG_REF") in languages


def test_our_pairs_for_nova_look_as_nova_writes_them(tmp_path: Path) -> None:
    marks = (Mark("a", "mood", "anna", start_ns=2_960 * MS, end_ns=3_920 * MS, label="sad", confidence=0.6),)
    write_nova([Labels("sub-01_run-01", "anna", "human", SCHEME, marks)], tmp_path)
    header = tmp_path / "sub-01_run-01.anna.mixed@1.mood.annotation"
    assert header.with_name(header.name + "~").read_text(encoding="utf-8") == "2.96;3.92;1;0.6\n"
    root = ET.parse(header).getroot()
    assert [child.tag for child in root] == ["info", "meta", "scheme"]
    assert [item.get("id") for item in root.iter("item")] == ["0", "1", "2"]


def test_a_semicolon_in_a_text_becomes_a_comma_for_nova(tmp_path: Path) -> None:
    tier = replace(SCHEME.tier("artefact"), labels=(), name="words")
    scheme = replace(SCHEME, tiers=(tier,))
    marks = (Mark("a", "words", "anna", start_ns=0, end_ns=NS, note="one; two\nthree"),)
    write_nova([Labels("sub-01_run-01", "anna", "human", scheme, marks)], tmp_path)
    (found,) = read_nova(tmp_path / "sub-01_run-01.anna.mixed@1.words.annotation", scheme)
    assert found.marks[0].note == "one, two,three"
