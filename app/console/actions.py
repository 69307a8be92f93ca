"""The one table of what can be done: menus, toolbar, shortcuts, palette and sheet come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.console import icons

Menu = Literal["Study", "Session", "Labels", "Analysis", "View", "Help"]
MENUS: tuple[Menu, ...] = ("Study", "Session", "Labels", "Analysis", "View", "Help")
SEPARATOR = "-"


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """One thing to do. `name` is also the window's method `do_<name>`; `help` the page that F1 opens."""

    name: str
    text: str
    menu: Menu
    help: str
    tip: str
    icon: str = ""
    shortcut: str = ""
    checkable: bool = False


ACTIONS: tuple[ActionInfo, ...] = (
    ActionInfo(
        "start_page", "Start page", "Study", "start", "Demo, new study, last studies", "home", "Alt+Home"
    ),
    ActionInfo(
        "new_study", "New study…", "Study", "start", "Make a study in four questions", "study-new", "Ctrl+N"
    ),
    ActionInfo("open_study", "Open study…", "Study", "start", "Choose a study's folder", "folder", "Ctrl+O"),
    ActionInfo(
        "run_demo", "Run the demo", "Study", "start", "One minute with simulated devices", "demo", "Ctrl+D"
    ),
    ActionInfo(
        "study_page", "Study", "Study", "study", "Participants, sessions, next session", "study", "Ctrl+1"
    ),
    ActionInfo(
        "recording_page", "Recording", "Study", "session", "The session that runs", "record", "Ctrl+2"
    ),
    ActionInfo(
        "summary_page", "Summary", "Study", "summary", "The last finished session", "summary", "Ctrl+3"
    ),
    ActionInfo(
        "device_page",
        "Devices",
        "Study",
        "devices",
        "Choose, connect, see, save",
        "devices",
        "Ctrl+4",
    ),
    ActionInfo(
        "stimulus_page",
        "Stimuli",
        "Study",
        "stimuli",
        "Pictures, films and sounds: look, import, choose, rate",
        "pictures",
        "Ctrl+5",
    ),
    ActionInfo(
        "review_page",
        "Review",
        "Study",
        "review",
        "Pictures, sound, signals, events on one cursor",
        "review",
        "Ctrl+6",
    ),
    ActionInfo(
        "annotate_page",
        "Annotate",
        "Study",
        "annotate",
        "Label trials: queue, questions, lanes, traces",
        "mark",
        "Ctrl+7",
    ),
    ActionInfo(
        "open_package",
        "Open a package…",
        "Labels",
        "annotate",
        "A queue that somebody packed for you: its folder or zip",
        "folder",
    ),
    ActionInfo(
        "open_session",
        "Open session file…",
        "Study",
        "summary",
        "Summary of a finished file",
        "summary",
        "Ctrl+Shift+O",
    ),
    ActionInfo(
        "review_recording",
        "Review a recording…",
        "Study",
        "review",
        "A session file, or a recording of an E4, XDF or EDF file",
        "review",
        "Ctrl+R",
    ),
    ActionInfo(
        "review_folder", "Review the folder of an E4…", "Study", "review", "Files of E4 connect", "folder"
    ),
    ActionInfo(
        "export_data",
        "Export…",
        "Study",
        "exchange",
        "For other programs: BIDS, EDF, XDF, CSV, MP4",
        "export",
        "Ctrl+Shift+E",
    ),
    ActionInfo(
        "import_data",
        "Import…",
        "Study",
        "exchange",
        "Recordings of other programs: E4, XDF, EDF",
        "import",
        "Ctrl+Shift+I",
    ),
    ActionInfo(
        "import_stimuli", "Import stimuli…", "Study", "stimuli", "IAPS, NAPS, own folder, clips", "import"
    ),
    ActionInfo(
        "select_stimuli", "Balanced sets…", "Study", "stimuli", "Stimuli alike in what matters", "balance"
    ),
    ActionInfo("norm_stimuli", "Norming run…", "Study", "stimuli", "Have raters score the stimuli", "person"),
    ActionInfo(
        "check_stimuli", "Check stimulus files", "Study", "stimuli", "Missing, altered, doubled", "good"
    ),
    ActionInfo("add_participant", "Add a participant…", "Study", "study", "Code, group, the form", "add"),
    ActionInfo(
        "correct", "Correct what was recorded…", "Study", "study", "Wrong code, swapped electrodes", "note"
    ),
    ActionInfo(
        "withdraw", "Withdraw a participant…", "Study", "study", "Erase all that somebody left here", "remove"
    ),
    ActionInfo(
        "study_settings", "Settings of the study…", "Study", "study", "Sessions, form, screen", "study"
    ),
    ActionInfo(
        "edit_protocol",
        "Protocol editor…",
        "Study",
        "editor",
        "The file and a form beside it",
        "note",
        "Ctrl+E",
    ),
    ActionInfo("second_copy", "Second copy…", "Study", "copies", "Where each session is copied to", "copies"),
    ActionInfo(
        "quit", "Quit", "Study", "start", "Close the window; a running session goes on", "quit", "Ctrl+Q"
    ),
    ActionInfo(
        "connect", "Connect devices", "Session", "study", "Check and connect", "connect", "Ctrl+Return"
    ),
    ActionInfo(
        "start", "Start", "Session", "session", "Begin the session with the participant", "start", "F5"
    ),
    ActionInfo("pause", "Pause", "Session", "session", "Pause after this stage, or go on", "pause", "F6"),
    ActionInfo("skip", "Skip stage", "Session", "session", "Go on to the next stage now", "skip", "F8"),
    ActionInfo(
        "abort", "Abort…", "Session", "session", "End now; what was recorded is kept", "abort", "Ctrl+Shift+X"
    ),
    ActionInfo(
        "repeat",
        "Repeat the trial",
        "Session",
        "problems",
        "After a crash: the same trial again",
        "repeat",
        "Alt+R",
    ),
    ActionInfo(
        "next",
        "Next trial",
        "Session",
        "problems",
        "After a crash: go on with the next trial",
        "next",
        "Alt+N",
    ),
    ActionInfo(
        "end", "End the session", "Session", "problems", "After a crash: end in order", "end", "Alt+E"
    ),
    ActionInfo(
        "note", "Write a note", "Session", "notes", "A line with the time of its first letter", "note", "F7"
    ),
    ActionInfo(
        "mark_movement",
        "Mark: movement",
        "Session",
        "notes",
        "Note that the participant moved",
        "mark",
        "Alt+1",
    ),
    ActionInfo(
        "mark_noise", "Mark: noise", "Session", "notes", "Note a noise or an interruption", "mark", "Alt+2"
    ),
    ActionInfo(
        "mark_speech", "Mark: speech", "Session", "notes", "Note that somebody spoke", "mark", "Alt+3"
    ),
    ActionInfo(
        "mark_artefact", "Mark: artefact", "Session", "notes", "Note a disturbed signal", "mark", "Alt+4"
    ),
    ActionInfo(
        "finish_left",
        "Finish what a crash left",
        "Session",
        "problems",
        "Make files of interrupted sessions",
        "repair",
    ),
    ActionInfo(
        "agreement_page",
        "Agreement",
        "Labels",
        "agreement",
        "How far annotators agree, where they differ, fused labels",
        "balance",
        "Ctrl+8",
    ),
    ActionInfo("fuse_labels", "Fuse labels…", "Labels", "agreement", "One label out of several", "mark"),
    ActionInfo(
        "next_moment",
        "Next disagreement",
        "Labels",
        "agreement",
        "The next moment of the cell or place that was clicked",
        "step-forward",
        "Alt+Down",
    ),
    ActionInfo(
        "previous_moment",
        "Previous disagreement",
        "Labels",
        "agreement",
        "The moment before",
        "step-back",
        "Alt+Up",
    ),
    ActionInfo(
        "edit_schemes", "Schemes…", "Labels", "organise", "Make and change what annotators are asked", "note"
    ),
    ActionInfo(
        "plan_annotation", "Plan the annotation…", "Labels", "organise", "Who labels what, and when", "study"
    ),
    ActionInfo(
        "hand_on", "Hand on open items…", "Labels", "organise", "From one annotator to another", "next"
    ),
    ActionInfo(
        "practice_items", "Practice items…", "Labels", "organise", "Trials with the right answers", "good"
    ),
    ActionInfo(
        "pack", "Pack a queue…", "Labels", "organise", "For an annotator at another computer", "export"
    ),
    ActionInfo("collect", "Collect labels…", "Labels", "organise", "From a package that came back", "import"),
    ActionInfo(
        "progress",
        "Progress of annotators…",
        "Labels",
        "organise",
        "Done, open, time, consistency",
        "signals",
    ),
    ActionInfo(
        "curate",
        "Questions and disagreements…",
        "Labels",
        "organise",
        "What annotators ask, and where they differ",
        "balance",
    ),
    ActionInfo(
        "analyse_page",
        "Analyse",
        "Analysis",
        "analyse",
        "Data, features, experiments, runs, results",
        "analyse",
        "Ctrl+9",
    ),
    ActionInfo(
        "analyse_data", "Data", "Analysis", "analyse", "What was recorded, and what is missing", "study"
    ),
    ActionInfo("analyse_features", "Features", "Analysis", "analyse", "Signals in numbers", "signals"),
    ActionInfo(
        "analyse_experiment",
        "Experiment",
        "Analysis",
        "analyse",
        "A recognizer, what it is to find, and how it is tested",
        "balance",
    ),
    ActionInfo("analyse_runs", "Runs", "Analysis", "analyse", "Folds as they finish; stop, resume", "start"),
    ActionInfo("analyse_card", "Recognizers", "Analysis", "analyse", "The card of each recognizer", "help"),
    ActionInfo("analyse_compare", "Compare runs", "Analysis", "analyse", "Runs beside each other", "copies"),
    ActionInfo("analyse_inspect", "Inspect a run", "Analysis", "analyse", "Which trials, and why", "search"),
    ActionInfo("analyse_report", "Report of a run", "Analysis", "analyse", "All its figures", "summary"),
    ActionInfo("analyse_apply", "Apply recognizer", "Analysis", "analyse", "Kept ones on recordings", "mark"),
    ActionInfo("analyse_therapy", "Therapy", "Analysis", "analyse", "Sessions before and after", "person"),
    ActionInfo(
        "analyse_literature",
        "Literature",
        "Analysis",
        "literature",
        "What papers printed, beside ours",
        "note",
    ),
    ActionInfo(
        "analyse_cross_corpus",
        "Cross-corpus",
        "Analysis",
        "cross-corpus",
        "From one corpus, or group of people, to another",
        "copies",
    ),
    ActionInfo(
        "analyse_channels",
        "EEG channels",
        "Analysis",
        "channels",
        "Which electrodes a statistic keeps",
        "devices",
    ),
    ActionInfo(
        "analyse_decompose", "Decompose", "Analysis", "decompose", "A stretch of a signal in modes", "signals"
    ),
    ActionInfo(
        "analyse_speech_tasks",
        "Speech tasks",
        "Analysis",
        "speech-tasks",
        "Persons told apart by spoken answers",
        "sound",
    ),
    ActionInfo(
        "analyse_audiovisual",
        "Audio-visual",
        "Analysis",
        "audiovisual",
        "Voice, face and words of a clip",
        "messages",
    ),
    ActionInfo(
        "analyse_impressions",
        "Impressions",
        "Analysis",
        "impressions",
        "What observers think of somebody",
        "person",
    ),
    ActionInfo("analyse_faces", "Faces", "Analysis", "faces", "Boxes, a detector, a camera live", "pictures"),
    ActionInfo(
        "analyse_passages",
        "Passages",
        "Analysis",
        "passages",
        "WiFi channel state: who passed, and when",
        "signals",
    ),
    ActionInfo(
        "analyse_within",
        "Within participants",
        "Analysis",
        "within",
        "Conditions compared in the same people",
        "balance",
    ),
    ActionInfo(
        "analyse_playlist", "Playlist", "Analysis", "playlist", "Which clip moves this person", "next"
    ),
    ActionInfo(
        "analyse_live",
        "Live recognition",
        "Analysis",
        "live",
        "A kept recognizer on running signals",
        "connect",
    ),
    ActionInfo("light", "Light colours", "View", "view", "For a bright room", "light", "", True),
    ActionInfo("dark", "Dark colours", "View", "view", "For a dim room", "dark", "", True),
    ActionInfo("system", "Colours of the desktop", "View", "view", "As the desktop says", "layout", "", True),
    ActionInfo("larger_text", "Larger text", "View", "view", "Larger text everywhere", "larger", "Ctrl++"),
    ActionInfo(
        "smaller_text", "Smaller text", "View", "view", "Smaller text everywhere", "smaller", "Ctrl+-"
    ),
    ActionInfo(
        "taller", "Taller signals", "View", "signals", "Draw signals twice as tall", "taller", "Ctrl+Up"
    ),
    ActionInfo(
        "flatter", "Flatter signals", "View", "signals", "Draw signals half as tall", "flatter", "Ctrl+Down"
    ),
    ActionInfo("longer", "Longer time", "View", "signals", "Show more seconds", "longer", "Ctrl+Right"),
    ActionInfo("shorter", "Shorter time", "View", "signals", "Show fewer seconds", "shorter", "Ctrl+Left"),
    ActionInfo(
        "sound_outputs", "Sound outputs…", "View", "sound", "Where alarms and stimuli are heard", "sound"
    ),
    ActionInfo(
        "timing_test",
        "Measure the screen's lag…",
        "View",
        "sound",
        "With a photodiode on the participant's screen",
        "signals",
    ),
    ActionInfo("reset_layout", "Reset layout", "View", "view", "Put all panels back", "layout"),
    ActionInfo(
        "messages", "Messages", "View", "problems", "What this window has said so far", "messages", "Ctrl+M"
    ),
    ActionInfo(
        "find_action", "Find an action…", "Help", "keys", "Type what you want to do", "search", "Ctrl+K"
    ),
    ActionInfo("help", "Help", "Help", "keys", "Help on what you are doing", "help", "F1"),
    ActionInfo("keys", "Shortcuts", "Help", "keys", "All shortcuts on one sheet", "keys", "?"),
    ActionInfo("about", "About Evoke", "Help", "keys", "Version and licence", "info"),
)

TOOLBAR = (
    "study_page",
    "stimulus_page",
    "device_page",
    "recording_page",
    "summary_page",
    "review_page",
    "annotate_page",
    "analyse_page",
    SEPARATOR,
    "start",
    "pause",
    "skip",
    "note",
    "abort",
    SEPARATOR,
    "find_action",
    "help",
)
ICON_ONLY = frozenset({"find_action", "help"})
"""In the toolbar: their signs are known everywhere, and a small screen has no room for more words."""
GROUP_ENDS = frozenset(
    {
        "run_demo",
        "review_folder",
        "check_stimuli",
        "withdraw",
        "second_copy",
        "timing_test",
        "connect",
        "abort",
        "end",
        "mark_artefact",
        "previous_moment",
        "analyse_page",
        "analyse_therapy",
        "system",
        "smaller_text",
        "shorter",
    }
)


def info(name: str) -> ActionInfo:
    """Return the action called `name`; KeyError if there is none."""
    return _BY_NAME[name]


_BY_NAME: Mapping[str, ActionInfo] = {entry.name: entry for entry in ACTIONS}


def make_actions(owner: QWidget, handler: Callable[[str], Callable[[], None]]) -> dict[str, QAction]:
    """Make a QAction of each entry; `handler(name)` returns what it does."""
    made = {}
    for entry in ACTIONS:
        action = QAction(entry.text, owner)
        action.setObjectName(entry.name)
        action.setData(entry.help)
        action.setCheckable(entry.checkable)
        if entry.shortcut:
            action.setShortcut(QKeySequence(entry.shortcut))
        keys = f" ({shortcut_text(entry)})" if entry.shortcut else ""
        action.setToolTip(f"{entry.tip}{keys}")
        action.setStatusTip(entry.tip)
        action.triggered.connect(_without_argument(handler(entry.name)))
        owner.addAction(action)
        made[entry.name] = action
    tint(made)
    return made


def tint(actions: Mapping[str, QAction]) -> None:
    """Give the actions icons in the colours in use."""
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.name].setIcon(icons.icon(entry.icon))


def shortcut_text(entry: ActionInfo) -> str:
    """Return the shortcut as this system writes it."""
    return QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def matching(query: str, entries: Iterable[ActionInfo] = ACTIONS) -> list[ActionInfo]:
    """Return the actions whose words begin like the query's words, the best first."""
    wanted = query.lower().split()

    def rank(entry: ActionInfo) -> tuple[int, int] | None:
        words = f"{entry.text} {entry.tip} {entry.menu}".lower().replace("…", "").split()
        if not all(any(word.startswith(part) for word in words) for part in wanted):
            return None
        title = entry.text.lower()
        begins = any(word.startswith(query.lower()) for word in title.split())
        return (0 if title.startswith(query.lower()) else 1 if begins else 2, len(title))

    ranked = [(rank(entry), entry) for entry in entries]
    kept = [(place, entry) for place, entry in ranked if place is not None]
    return [entry for _, entry in sorted(kept, key=lambda pair: pair[0])] if wanted else [e for _, e in kept]


def _without_argument(function: Callable[[], None]) -> Callable[[bool], None]:
    def call(_: bool = False) -> None:
        function()

    return call
