"""`evoke participants`, `consent`, `amend`, `protocol`: what a study knows of its people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app import amendments, consent, participants, versions, visits
from app.amendments import Amendment, AmendmentError
from app.consent import Answers, parse_streams, parse_uses
from app.study import Study, StudyError


def words_in(values: Sequence[str]) -> list[str]:
    """Return the words of options that take lists with commas."""
    return [word for value in values for word in value.split(",") if word.strip()]


def answers_of(options: argparse.Namespace) -> Answers | None:
    """Return the consent that `--consent`, `--refuse` and `--uses` give, None without `--consent`."""
    if not options.consent:
        if options.refuse or options.uses:
            raise consent.ConsentError("--refuse and --uses belong to a consent. Add --consent.")
        return None
    uses = parse_uses(words_in(options.uses)) if options.uses else consent.USES
    return Answers(parse_streams(words_in(options.refuse)), uses, options.by or "experimenter")


def list_participants(options: argparse.Namespace) -> int:
    """List or change the participants of a study."""
    study = Study.open(options.study)
    fields = dict(_pair(text) for text in options.set)
    code = options.participant.removeprefix("sub-")
    if not code and (fields or options.group is not None or options.language is not None or options.exclude):
        raise StudyError("Whom is it about? Name the participant with --participant ID.")
    if code:
        _change(study, code, options, fields)
    rows = visits.overview(study)
    if options.json:
        print(json.dumps([_plain(row) for row in rows], ensure_ascii=False))
        return 0
    names = [spec.name for spec in study.participant_fields]
    print("\t".join(["code", "slot", "group", "language", *names, "sessions", "excluded"]))
    for row in rows:
        who = row.person
        states = ", ".join(f"{visit.session} {visit.state}" for visit in row.visits)
        slot = "-" if who.slot is None else str(who.slot)
        cells = [who.code, slot, who.group, who.language, *(who.fields.get(name, "") for name in names)]
        print("\t".join([*(cell or "-" for cell in cells), states or "-", who.excluded or "-"]))
    return 0


def _change(study: Study, code: str, options: argparse.Namespace, fields: dict[str, str]) -> None:
    if participants.person(study, code) is None:
        participants.add(
            study, code, group=options.group or "", language=options.language or "", fields=fields
        )
    else:
        participants.change(study, code, group=options.group, language=options.language, fields=fields)
    if options.exclude:
        participants.exclude(study, code, options.exclude, options.by)
    if options.include:
        participants.include(study, code, by=options.by)


def _plain(row: visits.Row) -> dict[str, Any]:
    return {"participant": asdict(row.person), "visits": [asdict(visit) for visit in row.visits]}


def note_consent(options: argparse.Namespace) -> int:
    """Note what a participant has agreed to, or tell what is noted."""
    study = Study.open(options.study)
    code = options.participant.removeprefix("sub-")
    protocol, version = _protocol(study, options.protocol)
    if options.give:
        options.consent = True
        answers = answers_of(options)
        assert answers is not None
        consent.give(study, answers.consent(code, protocol, version, options.language or ""))
    known = consent.consent_for(study, code, protocol, version)
    if options.json:
        print(json.dumps(None if known is None else known.to_json(), ensure_ascii=False))
    elif known is None:
        print(f"participant {code}: no consent for {protocol}, version {version}.")
    else:
        streams = ", ".join(
            f"{name.replace('_', ' ')} {_yes(known.streams[name])}" for name in consent.STREAMS
        )
        uses = ", ".join(f"{name.replace('_', ' ')} {_yes(known.uses[name])}" for name in consent.USES)
        print(f"participant {code}, {protocol}, version {version}, {known.date}, noted by {known.by}")
        print(f"  streams: {streams}\n  uses: {uses}")
    return 0 if known is not None else 1


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _protocol(study: Study, named: str) -> tuple[str, int]:
    from protocols.load import load_protocol

    chosen = named or study.protocol
    if not chosen:
        raise StudyError(f"{study.folder}: has no protocol of its own. Name one with --protocol NAME.")
    inside = study.folder / chosen
    protocol = load_protocol(inside if inside.is_file() else chosen)
    return protocol.name, protocol.version


def amend(options: argparse.Namespace) -> int:
    """Append a correction to the study, or list all of them."""
    study = Study.open(options.study)
    made = _correction(options)
    if made is not None:
        kept = amendments.add(study, made)
        if not options.json:
            print(f"Noted: {kept.text}. The recording stays as it was; every reader applies it.")
    lines = study.amendments()
    if options.json:
        print(json.dumps([line.to_json() for line in lines.lines], ensure_ascii=False))
    elif made is None:
        for line in lines.lines:
            print(f"{line.time}\t{line.author or '-'}\t{line.session or 'participant'}\t{line.text}")
        print(
            f"{len(lines.lines)} corrections"
            + (f", {len(lines.unknown)} not understood" if lines.unknown else "")
        )
    return 0


def _correction(options: argparse.Namespace) -> Amendment | None:
    about = {
        "participant": options.participant.removeprefix("sub-"),
        "session": options.session,
        "reason": options.reason,
        "author": options.by,
    }
    wanted: list[dict[str, Any]] = []
    if options.code:
        wanted.append({"kind": "code", "value": options.code.removeprefix("sub-")})
    if options.channels:
        swapped = dict(_pair(text) for text in options.channels)
        wanted.append({"kind": "channels", "value": swapped, "stream": options.stream})
    if options.field:
        name, value = _pair(options.field)
        wanted.append({"kind": "field", "field": name, "value": value})
    if options.group:
        wanted.append({"kind": "group", "value": options.group})
    if options.note:
        wanted.append({"kind": "note", "value": options.note})
    if not wanted:
        return None
    if len(wanted) > 1:
        raise StudyError(
            "One correction at a time: name one of --code, --channels, --field, --group, --note."
        )
    try:
        return Amendment(**(about | wanted[0]))
    except AmendmentError as error:
        raise StudyError(str(error)) from error


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise StudyError(f"{text}: is not NAME=VALUE. Write it so.")
    return name.strip(), value.strip()


def protocol(options: argparse.Namespace) -> int:
    """Make the changed protocol of a study a new version, or list the versions."""
    study = Study.open(options.study)
    file = versions.protocol_file(study, options.protocol) if options.new_version else ""
    if options.new_version:
        made = versions.raise_version(study, file, options.reason, options.by)
        if not options.json:
            print(f"{file}: is version {made.version} now. Participants need to agree to it anew.")
    if options.restore:
        file = versions.restore(study, options.protocol or _protocol(study, "")[0])
        if not options.json:
            print(f"{file}: holds the protocol as it was recorded. Choose this file from now on.")
    name = _protocol(study, file or options.protocol)[0]
    known = versions.versions(study, name)
    if options.json:
        print(json.dumps([asdict(version) for version in known], ensure_ascii=False))
        return 0
    for version in known:
        since = f"first recorded {version.locked}" if version.locked else "nobody recorded yet"
        reason = f"; {version.reason}" if version.reason else ""
        print(f"{name}, version {version.version}: {since}{reason}")
        for change in version.changes:
            print(f"  {change}")
    if not known:
        print(f"{name}: nobody was recorded with it yet.")
    return 0
