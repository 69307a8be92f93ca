"""Every command of the workstation: parses, hands over, and turns errors into one message.

Standard library only until a command runs. Exit status: 0 success, 1 a message on standard error,
2 a usage error, 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from app import cli_analysis, cli_labels, cli_people, cli_speech, system
from app.cli_people import json_option as _json
from app.commands import stimuli_words
from stimuli.problems import EvokeError

SUCCESS, FAILURE, USAGE, INTERRUPTED = 0, 1, 2, 130

Parser = argparse.ArgumentParser


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line: `target` is `module:function`, imported only when it runs."""

    name: str
    summary: str
    target: str
    add_arguments: Callable[[Parser], None]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 3600:
        raise argparse.ArgumentTypeError(f"{text} is no length of time in seconds")
    return seconds


def _participant_window(parser: Parser) -> None:
    parser.add_argument(
        "--headless", action="store_true", help="no experimenter's window; the participant's opens"
    )
    parser.add_argument(
        "--no-window",
        action="store_true",
        help="no window at all: a virtual 60 Hz screen, onsets without a measurement",
    )


def _open(parser: Parser) -> None:
    parser.add_argument("study", nargs="?", type=Path, metavar="STUDY", help="a study, or a recording")


def _demo(parser: Parser) -> None:
    _participant_window(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the session goes (default: your data folder)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="for the order of the trials")
    parser.add_argument("--attached", action="store_true", help=argparse.SUPPRESS)
    _json(parser)


def _run(parser: Parser) -> None:
    parser.add_argument(
        "protocol",
        nargs="?",
        default="",
        metavar="PROTOCOL",
        help="name of a bundled protocol, or a file (default: the study's)",
    )
    parser.add_argument("--study", type=Path, required=True, metavar="DIR", help="folder of the study")
    parser.add_argument(
        "--participant", default="", metavar="ID", help="code; 'sim...' for a simulated participant"
    )
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="try it out: kept apart, without code, consent and counter-balancing place",
    )
    parser.add_argument(
        "--continue",
        dest="continues",
        default="",
        metavar="FILE|last",
        help="the remaining trials of a session that broke off, in the same order",
    )
    parser.set_defaults(complain=_names_nobody)
    parser.add_argument(
        "--language", default="", metavar="CODE", help="of the texts (default: the participant's)"
    )
    parser.add_argument("--session", type=int, metavar="N", help="number of the visit (default: the next)")
    parser.add_argument("--devices", type=Path, metavar="FILE", help="devices file (default: the study's)")
    _participant_window(parser)
    parser.add_argument("--auto", action="store_true", help="an automatic participant answers")
    parser.add_argument("--seed", type=int, metavar="N", help="for the order of the trials")
    parser.add_argument("--accept", default="", metavar="REASON", help="start in spite of failed checks")
    parser.add_argument(
        "--signal-check",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="how long each signal is checked before the start (default: 10 s; 0: not at all)",
    )
    parser.add_argument(
        "--consent",
        action="store_true",
        help="the participant has agreed to this version; noted in the study, stored in the file",
    )
    cli_people.consent_answers(parser)
    parser.add_argument(
        "--attached", action="store_true", help="wait for a console to connect and give the start"
    )
    _json(parser)


def _names_nobody(options: argparse.Namespace) -> str:
    known = options.participant or options.rehearse or options.continues
    return "" if known else "--participant is needed, unless with --rehearse or --continue"


def _record(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.h5", help="session file to make")
    parser.add_argument(
        "--stream",
        action="append",
        default=[],
        metavar="PATTERN",
        help="LSL stream: a name, or key=value of source_id, name, type, hostname; again for more",
    )
    parser.add_argument(
        "--camera", action="append", default=[], metavar="SRC", help="number, file or address; again for more"
    )
    parser.add_argument("--mic", metavar="NAME", help="microphone: a part of its name, or 'default'")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop by itself (default: at Ctrl-C)")
    parser.add_argument("--attached", action="store_true", help=argparse.SUPPRESS)
    _json(parser)


def _bridge(parser: Parser) -> None:
    parser.add_argument(
        "kind",
        choices=("brainflow", "e4", "simulated"),
        help="a board, an Empatica E4 behind its streaming server, or a simulated wristband",
    )
    parser.add_argument("--id", metavar="NAME", help="id of its streams (default: the kind)")
    parser.add_argument(
        "--board", metavar="NAME", default="synthetic", help="BrainFlow board, by name or number"
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the device, such as serial_port=COM3; again for more",
    )
    parser.add_argument(
        "--impedance",
        action="store_true",
        help="measure the board's electrodes instead (before a session): kiloohm, once a second",
    )
    parser.add_argument("--network", action="store_true", help="visible to other computers")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop by itself (default: at Ctrl-C)")


def _devices(parser: Parser) -> None:
    parser.add_argument(
        "--proof", action="store_true", help="how far each device is proved on each operating system"
    )
    _json(parser)


def _check(parser: Parser) -> None:
    parser.add_argument(
        "target", metavar="PROTOCOL|SET|STUDY|SESSION|DEVICES", help="what to check: a name, file or folder"
    )
    parser.add_argument(
        "--rate", type=float, metavar="HZ", help="refresh rate of the screen that a protocol is to run on"
    )
    _json(parser)


def _info(parser: Parser) -> None:
    parser.add_argument("session", type=Path, metavar="SESSION", help="session file")
    _json(parser)


def _timing_test(parser: Parser) -> None:
    parser.add_argument(
        "--study", type=Path, metavar="DIR", help="study whose devices are used (default: a place of its own)"
    )
    parser.add_argument("--devices", type=Path, metavar="FILE", help="devices file (default: the study's)")
    parser.add_argument("--stream", default="", metavar="ID", help="the diode's stream (default: the best)")
    parser.add_argument("--channel", default="", metavar="NAME", help="its channel (default: the best)")
    parser.add_argument("--flashes", type=int, default=100, metavar="N", help="how many (default: 100)")
    parser.add_argument("--headless", action="store_true", help="no experimenter's window")
    parser.add_argument("--auto", action="store_true", help="the computer presses the buttons")
    parser.add_argument("--accept", default="", metavar="REASON", help="start in spite of failed checks")
    parser.add_argument(
        "--no-keep", dest="keep", action="store_false", help="do not store the lag for this screen"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write report, table and histogram there")
    _json(parser)


def _sync_check(parser: Parser) -> None:
    parser.add_argument(
        "--study", type=Path, metavar="DIR", help="study that learns the offsets (default: one for checks)"
    )
    parser.add_argument("--devices", type=Path, metavar="FILE", help="devices file (default: the study's)")
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=("flash", "taps", "blinks"),
        metavar="PART",
        help="flash, taps, blinks (default: what the devices can show)",
    )
    parser.add_argument(
        "--headless", action="store_true", help="no experimenter's window; the participant's opens"
    )
    parser.add_argument("--auto", action="store_true", help="nobody answers: the computer goes through it")
    parser.add_argument("--accept", default="", metavar="REASON", help="start in spite of failed checks")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report (JSON) there too")
    _json(parser)


def _recover(parser: Parser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="study, or what a crash left of a session")
    _json(parser)


def _export(parser: Parser) -> None:
    parser.add_argument("source", type=Path, metavar="SESSION|STUDY", help="session file, or study folder")
    parser.add_argument(
        "--to", required=True, choices=("bids", "edf", "bdf", "xdf", "csv", "mp4"), help="format to write"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder for the files")
    parser.add_argument(
        "--level",
        choices=("full", "no-face-voice", "signals"),
        help="take out what identifies people and machines, and leave out face and voice, or all but signals"
        " (bids: signals if not given; other formats: everything as recorded)",
    )
    parser.add_argument(
        "--for",
        dest="use",
        default="study",
        choices=("study", "lab", "open-data", "teaching"),
        help="what for: participants who have not agreed to it are left out (default: study)",
    )
    _json(parser)


RECORDINGS = ("e4", "xdf", "edf")
DATA_SETS = ("stress-predict", "emodb", "deap", "seed", "amigos", "wesad", "csi", "speech")


def _import(parser: Parser) -> None:
    parser.add_argument(
        "format",
        choices=(*RECORDINGS, *DATA_SETS),
        help="Empatica E4, XDF, EDF/EDF+/BDF, a published data set, logs of ESP32 CSI nodes, or speech: a"
        " folder of wav files",
    )
    parser.add_argument(
        "source", type=Path, metavar="SRC", help="file (e4: zip, or its folder; data set: its folder)"
    )
    parser.add_argument("--study", type=Path, required=True, metavar="DIR", help="folder of the study")
    parser.add_argument(
        "--participant", default="", metavar="ID", help="code of the participant (not for a data set)"
    )
    parser.add_argument("--session", type=int, metavar="N", help="number of the visit (default: the next)")
    parser.add_argument(
        "--name-rule",
        default="",
        metavar="RULE",
        help="speech: how its files are named, emodb, tess, ravdess, or a regular expression with the groups"
        " speaker, emotion, and if you like text, sex, take; one with / is of the path below the folder"
        " (default: its table utterances.csv: file, speaker, emotion, if you like text, sex, age, take)",
    )
    parser.set_defaults(complain=_whose)
    _json(parser)


def _whose(options: argparse.Namespace) -> str:
    """Return what is wrong with whom an import is for, "" if nothing is."""
    if options.name_rule and options.format != "speech":
        return f"{options.format} has names of its own. Leave out --name-rule: it is for speech."
    if options.format in RECORDINGS:
        return "" if options.participant else "whose recording is it? Add --participant CODE."
    if options.participant or options.session is not None:
        return f"{options.format} says itself whose its sessions are. Leave out --participant and --session."
    return ""


def _backup(parser: Parser) -> None:
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="second place from now on (default: the one chosen before)"
    )
    parser.add_argument(
        "--pending", action="store_true", help="in the background: makes way for a session, never fails"
    )
    _json(parser)


def _diagnose(parser: Parser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FILE.zip", help="file to make (default: evoke-diagnosis-*.zip here)"
    )
    parser.add_argument(
        "--session",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="session whose logs go in; again for more",
    )
    _json(parser)


def _bench(parser: Parser) -> None:
    parser.add_argument("--list", action="store_true", help="name the benchmarks")
    parser.add_argument("name", nargs="?", metavar="NAME", help="benchmark to run")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="its own options")


COMMANDS = (
    Command("open", "the workstation (also without a command)", "app.commands.open:open_study", _open),
    Command(
        "demo",
        "one-minute session with simulated participant and devices",
        "app.commands.session:demo",
        _demo,
    ),
    Command("run", "run a protocol with a participant", "app.commands.session:run", _run),
    Command("record", "record streams without a protocol", "app.commands.session:record", _record),
    Command("bridge", "publish a device on LSL", "app.commands.devices:bridge", _bridge),
    Command("devices", "what is there", "app.commands.devices:devices", _devices),
    Command("check", "validate, with every problem listed", "app.commands.check:check", _check),
    Command("info", "streams, rates, gaps, drift and onsets of a session", "app.commands.files:info", _info),
    Command(
        "timing-test",
        "measure how late this screen is, with a photodiode",
        "app.commands.timing_test:timing_test",
        _timing_test,
    ),
    Command(
        "sync-check",
        "how late each stream is: flash, tone and key found again in all",
        "app.commands.sync_check:sync_check",
        _sync_check,
    ),
    Command("recover", "finish what a crash left", "app.commands.files:recover", _recover),
    Command("export", "write BIDS, EDF, BDF, XDF, CSV or MP4", "app.commands.exporting:export", _export),
    Command("import", "other programs' recordings into a study", "app.commands.importing:import_", _import),
    Command(
        "participants",
        "who takes part, and which sessions are done",
        "app.commands.people:list_participants",
        cli_people.participants,
    ),
    Command(
        "consent", "what a participant has agreed to", "app.commands.people:note_consent", cli_people.consent
    ),
    Command(
        "amend", "correct what was recorded under a wrong name", "app.commands.people:amend", cli_people.amend
    ),
    Command(
        "protocol", "versions of a study's protocol", "app.commands.people:protocol", cli_people.protocol
    ),
    Command(
        "withdraw",
        "erase a participant, or some streams",
        "app.commands.withdraw:withdraw",
        cli_people.withdraw,
    ),
    Command(
        "stimuli",
        "import, choose and rate stimuli",
        "app.commands.stimuli:stimuli",
        stimuli_words.add_arguments,
    ),
    Command("plan", "who labels which trials, and how far", "app.commands.plan:plan", cli_labels.plan),
    Command("pack", "an annotator's coded queue to take away", "app.commands.pack:pack", cli_labels.pack),
    Command(
        "collect",
        "labels made in a package into the study",
        "app.commands.collect:collect",
        cli_labels.collect,
    ),
    Command(
        "agreement",
        "how far annotators agree, with intervals",
        "app.commands.agreement:agreement",
        cli_labels.agreement,
    ),
    Command(
        "labels", "labels out and in: CSV, BIDS, ELAN, NOVA", "app.commands.labels:labels", cli_labels.labels
    ),
    Command(
        "transcripts",
        "what was said in trials, from a table",
        "app.commands.transcripts:transcripts",
        cli_labels.transcripts,
    ),
    Command(
        "recognizers",
        "what each recognizer is, and where it comes from",
        "app.commands.recognizers:recognizers",
        cli_analysis.recognizers,
    ),
    Command(
        "embeddings",
        "who speaks, as a vector: trained on a folder of speakers",
        "app.commands.embeddings:embeddings",
        cli_speech.embeddings,
    ),
    Command("targets", "what can be recognised", "app.commands.targets:targets", cli_analysis.targets),
    Command(
        "evaluate", "train and test a recognizer", "app.commands.evaluate:evaluate", cli_analysis.evaluate
    ),
    Command(
        "transfer",
        "methods compared from one domain, corpus or study to another",
        "app.commands.transfer:transfer_command",
        cli_analysis.transfer,
    ),
    Command("rerun", "repeat a run, old numbers against new", "app.commands.rerun:rerun", cli_analysis.rerun),
    Command(
        "simulate",
        "participants with a known effect",
        "app.commands.simulate:simulate",
        cli_analysis.simulate,
    ),
    Command("report", "a study, or a run, as one page", "app.commands.report:report", cli_analysis.report),
    Command(
        "reproduce",
        "an open data set, from its files to its figures",
        "app.commands.reproduce:reproduce",
        cli_analysis.reproduce,
    ),
    Command(
        "therapy", "before and after on the circumplex", "app.commands.therapy:therapy", cli_analysis.therapy
    ),
    Command(
        "recommend",
        "clips for a participant by what others and they responded",
        "app.commands.recommend:recommend",
        cli_analysis.recommend,
    ),
    Command("live", "a trained recognizer on running streams", "app.commands.live:live", cli_analysis.live),
    Command("backup", "the study's second copy", "app.commands.backup:backup", _backup),
    Command(
        "diagnose", "pack logs without signals, codes or text", "app.commands.diagnose:diagnose", _diagnose
    ),
    Command("bench", "a benchmark, with its opponent where installed", "app.commands.bench:bench", _bench),
)

# A process of a session: the function gets the live folder, bridges and captures also their device.
CHILDREN = {
    "_recorder": "app.recorder.process:main",
    "_monitor": "app.monitor.process:main",
    "_bridge": "app.devices.bridge:main",
    "_capture": "app.devices.capture:main",
    "_presenter": "app.presenter.process:main",
    "_curtain": "app.presenter.curtain:main",
    "_sounder": "app.supervisor.sounder:main",
    "_console": "app.console:main",
    "_trial": "app.console.trial:main",
    "_finish": "app.recorder.finishing:main",
}
CHILDREN_WITH_DEVICE = ("_bridge", "_capture")


class _Version(argparse.Action):
    def __call__(self, parser: Parser, *_: object) -> NoReturn:
        from app import distributions

        print(f"evoke {distributions.version()}")
        parser.exit()


def make_parser() -> Parser:
    """Build the parser of the public commands."""
    parser = Parser(
        prog="evoke",
        description="Workstation for emotion-induction studies. Without a command it opens its window.",
        epilog="evoke COMMAND --help explains a command; python3 -m app test runs the tests.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.add_argument(
        "--acquisition-only",
        action="store_true",
        help="make the environment without the recognizers' packages (python3 -m app)",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.summary, description=f"{command.summary}.")
        command.add_arguments(sub)
    return parser


def _load(target: str) -> Callable[..., int]:
    module, _, function = target.partition(":")
    loaded: Callable[..., int] = getattr(importlib.import_module(module), function)
    return loaded


def _run_child(role: str, arguments: Sequence[str]) -> int:
    parser = Parser(prog=f"evoke {role}")
    parser.add_argument("--live", type=Path, required=True)
    if role in CHILDREN_WITH_DEVICE:
        parser.add_argument("--device", required=True)
    options = parser.parse_args(arguments)
    function = _load(CHILDREN[role])
    return function(options.live, options.device) if "device" in options else function(options.live)


def _run_command(arguments: Sequence[str]) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        options.command, options.study = "open", None
    complain = getattr(options, "complain", None)
    if complain is not None and (missing := complain(options)):
        parser.error(missing)
    command = next(command for command in COMMANDS if command.name == options.command)
    return _load(command.target)(options)


def _complain(message: str) -> int:
    print(f"evoke: {message}", file=sys.stderr)
    return FAILURE


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    try:
        if arguments and arguments[0] in CHILDREN:
            return _run_child(arguments[0], arguments[1:])
        return _run_command(arguments)
    except EvokeError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has gone: say nothing, also not when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("app", "analysis", "protocols", "stimuli"):
            raise
        return _complain(
            f"the Python package {error.name} is missing. Start with `python3 -m app`, which installs it."
        )
    except (ImportError, OSError) as error:
        explanation = system.explain_import_error(error)
        if explanation is None:
            raise
        return _complain(explanation)
