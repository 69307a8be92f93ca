"""The participant's screen as the runner sees it: scenes in OpenGL, films and sounds, forms above them."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtGui import QScreen

from analysis.alignment_signals import tone
from app import clock
from app.presenter.desk import Inputs
from app.presenter.film import Film
from app.presenter.forms import FormWindow
from app.presenter.pages import make_page
from app.presenter.played import Playing
from app.presenter.scenes import Scene, choice_scene, scene_of, steps_of
from app.presenter.screen import DRAWN_KINDS, Happening, PresenterError, ScreenFacts, Shown
from app.presenter.sequence import Steps
from app.presenter.sound import LATENCY_S, LONG_SOUND_LATENCY_S, Player, Samples, end_tone, open_player
from app.presenter.sound_reading import SoundReader
from app.presenter.sound_track import Sound, SoundTrack
from app.presenter.style import PaletteName, Style
from app.presenter.tasks import Task
from app.presenter.tasks.choice import ChoiceTask
from app.presenter.window import StageWindow
from app.screens import Calibration, Patch, calibration, problems, size_of
from protocols.schedule import Schedule, Stage

MOMENT = "One moment, please"
TONE = "tone"
END_TONE = "end tone"
# How a page that is read aloud, or a suggestion that is spoken, names its sound.
SPOKEN = {"imagery": "sound", "speaking": "read_aloud"}


class QtScreen:
    """The participant's screen: `app.presenter.screen.Screen` with windows.

    `files` are pictures, films and sounds by stimulus id. Open it, `load` the schedule, then run it.
    """

    def __init__(
        self,
        screen: QScreen,
        files: Mapping[str, Path],
        palette: PaletteName = "light",
        corner_patch: bool | Patch | Mapping[str, object] = False,
        known: Calibration | None = None,
        style: Style | None = None,
    ) -> None:
        size = screen.geometry()
        self.style = style or Style(palette, size.width(), size.height())
        self.known = calibration(screen.name()) if known is None else known
        patch = corner_patch if isinstance(corner_patch, Patch) else Patch.from_setting(corner_patch)
        self.window = StageWindow(screen, files, self.style, patch, self.known, self._changed)
        self.inputs: Inputs | None = None
        self.player: Player | None = None
        self._files = files
        self._no_sound = ""
        self._happened: list[Happening] = []
        self._fresh: list[Happening] = []
        self._stage: Stage | None = None
        self._task: Task | None = None
        self._playing: Playing | None = None
        # Stopped by a pause: the task and what it may go on with.
        self._stopped: tuple[Task | None, Playing] | None = None
        self._next: tuple[Stage, Playing] | None = None
        self._next_sounds = False
        self._answered = False
        self.window.open()
        # Asked anew: the system may have described its screens again while the window came up.
        self.forms = FormWindow(self.window.display, self.window, self.style, MOMENT)
        self._ground = Scene(background=self.style.colours.ground)

    @property
    def facts(self) -> ScreenFacts:
        """What the preflight found, or what has become of the screen since."""
        return self.window.facts

    @property
    def lead_s(self) -> float:
        """How long before its time a change must be handed over; a sound's earlier than a picture's."""
        # What is heard now has to be told in time where it ends.
        stage = self._stage
        ends = stage is not None and (self._playing is not None or bool(stage.content.get("end_tone")))
        sounding = self._next_sounds or (ends and stage is not None and sounds(stage))
        if self.player is not None and sounding:
            return max(self.window.lead_s, self.player.lead_s)
        return self.window.lead_s

    def load(self, schedule: Schedule) -> None:
        """Make ready what can be before the session.

        Raises PresenterError with every reason why this screen cannot show the schedule as it is meant.
        """
        facts = self.facts
        rate_hz = 1 / self.window.period_s if facts.verified else facts.rate_hz
        found = problems(schedule, self.known, facts.width, facts.height, rate_hz)
        if found:
            raise PresenterError("\n".join(found))
        decodes = any(stage.kind == "film" or spoken_in(stage) for stage in schedule.stages)
        if decodes:
            # Here it costs nobody anything; at the first film it would.
            importlib.import_module("av")
        if any(sounds(stage) for stage in schedule.stages):
            self.player, self._no_sound = open_player(LONG_SOUND_LATENCY_S if decodes else LATENCY_S)
            if self.player is None:
                flashes = all(stage.kind == "flash" for stage in schedule.stages if sounds(stage))
                kind = "tone_missing" if flashes else "sound_missing"
                self._happened.append(Happening(kind, clock.now(), {"text": self._no_sound}))
        for stage in schedule.stages:
            if stage.kind in DRAWN_KINDS:
                self.window.prepare(scene_of(stage, self.known))

    def prepare(self, stage: Stage) -> None:
        """Upload the stage's textures and begin to decode what is played in it."""
        self._next_sounds = sounds(stage)
        if self._next is not None and self._next[0] == stage:
            return
        self._drop_next()
        playing = self._played_in(stage)
        if playing is not None:
            self._next = (stage, playing)
        elif stage.kind in DRAWN_KINDS:
            self.window.prepare(scene_of(stage, self.known))

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        """Change to a stage; a form is shown above the ground that was swapped in at `at_s`."""
        self._gather()
        playing = self._coming(stage, task)
        if playing is not None:
            playing.begin(at_s)
        if self.player is not None and stage is not None:
            self._sound_tones(stage, at_s)
        leaving = self._playing
        if leaving is not None:
            leaving.fall_silent(at_s)
        self._go_on_until(at_s - self.window.lead_s)
        scene = self._scene(stage, playing)
        self.window.draw(scene)
        drawn = stage is not None and stage.kind in DRAWN_KINDS
        if drawn:
            self.forms.hide_page()
        shown = self.window.reveal(at_s)
        self._leave(leaving, stage, at_s)
        self._stage, self._task, self._playing, self._answered = stage, task, playing, False
        self._next_sounds = False
        if playing is not None:
            playing.shown_first(at_s, shown)
        self._tell_placeholder(scene, shown, at_s)
        if drawn:
            self.window.requestActivate()
        elif task is None:
            self.forms.show_page(None)
        else:
            assert self.inputs is not None
            if not task.started_s and shown.actual_s is not None:
                # Not when it comes back after a pause.
                task.begin(shown.actual_s)
            self.forms.show_page(make_page(task, self.style, self.inputs, self._files))
        return shown

    def stimulus_over_s(self) -> float | None:
        """Return when the film or sound that is on ends, once that is at most `lead_s` ahead; else None."""
        over_s = None if self._playing is None else self._playing.over_s
        return over_s if over_s is not None and over_s <= clock.now() + self.lead_s else None

    def happenings(self) -> list[Happening]:
        """Return what happened since the last call, oldest first.

        What belongs to a stage that has just been shown is kept until the next `refresh`: the runner asks
        at once, when it still has to leave the stage before.
        """
        happened, self._happened = self._happened, []
        return sorted(happened, key=lambda one: one.time)

    def _gather(self) -> None:
        """Take note of what happened in the stage that is on."""
        if self._playing is not None:
            self._happened += self._playing.happenings()
        self._happened += self._fresh
        self._fresh = []
        for played in () if self.player is None else self.player.played():
            timing = {"intended_s": played.intended_s, "actual_s": played.actual_s}
            kind = "tone_played" if played.name == TONE else "sound_played"
            payload = timing if played.name == TONE else {"stimulus": played.name, **timing}
            self._happened.append(Happening(kind, played.actual_s, payload))

    def say(self, text: str) -> None:
        """Choose the words of the page that is shown while no stage runs."""
        self.forms.moment.words.set_text(text)

    def refresh(self, now: float) -> int:
        """Bring the form up to date, or draw what is due; return how many frames were dropped."""
        if self._next is not None:
            self._next[1].settle()
        dropped = self._draw_due(now)
        self._gather()
        return dropped

    def _draw_due(self, now: float) -> int:
        if self.forms.page is not None:
            self.forms.page.refresh(now)
            return 0
        if self.forms.isVisible():
            return 0
        if self._playing is not None and self._playing.next_s is not None:
            return self._playing.refresh(now)
        if isinstance(self._task, ChoiceTask) and self._stage is not None and not self._answered:
            self._give_feedback(self._stage, self._task)
        return self.window.keep_alive()

    @property
    def is_drawing(self) -> bool:
        """Whether frames are drawn one after the other now."""
        return self.facts.verified and not self.forms.isVisible()

    @property
    def next_s(self) -> float | None:
        """When `refresh` has something to do that cannot wait; None where it has not."""
        if self.is_drawing:
            return 0.0
        return None if self._playing is None else self._playing.next_s

    def close(self) -> None:
        """Take both windows away."""
        now = clock.now()
        self._drop_next()
        for playing in (self._playing, None if self._stopped is None else self._stopped[1]):
            if playing is not None:
                playing.close(now)
        self._playing = self._stopped = None
        if self.player is not None:
            self.player.close()
        # The way back to the runner would keep the window alive in a circle.
        self.inputs = self._task = None
        self.forms.hide()
        self.forms.deleteLater()
        self.window.release()

    # What is played

    def _played_in(self, stage: Stage) -> Playing | None:
        content, planned_s = stage.content, stage.duration.typical_s
        if stage.kind == "film":
            size, path = size_of(content, self.known), self._files.get(stage.stimulus)
            background = scene_of(stage, self.known).background

            def with_sound(origin: Callable[[], float | None]) -> SoundTrack | None:
                return self._track(stage, stage.stimulus, origin) if sounds(stage) else None

            return Film(self.window, stage.stimulus, path, size, background, planned_s, with_sound)
        if stage.kind == "sequence":
            return Steps(self.window, steps_of(stage, self.known), planned_s)
        spoken = spoken_in(stage)
        if not spoken:
            return None
        problem = "" if spoken in self._files else f'There is no file for the sound "{spoken}".'
        return Sound(spoken, planned_s, self._track(stage, spoken), problem)

    def _track(
        self, stage: Stage, stimulus: str, origin: Callable[[], float | None] = lambda: None
    ) -> SoundTrack | None:
        path = self._files.get(stimulus)
        if self.player is None or path is None:
            return None
        reader = SoundReader(path, self.player.rate_hz, self.player.channels, origin)
        return SoundTrack(self.player, reader, stimulus, float(stage.content.get("volume", 1.0)))

    def _coming(self, stage: Stage | None, task: Task | None) -> Playing | None:
        """Return what is to be played in `stage`: prepared, stopped by a pause, or made now."""
        if stage is None:
            return None
        if self._stopped is not None and self._stopped[0] is task:
            (_, playing), self._stopped = self._stopped, None
            return playing
        if self._next is not None and self._next[0] == stage:
            (_, playing), self._next = self._next, None
            return playing
        return self._played_in(stage)

    def _leave(self, leaving: Playing | None, stage: Stage | None, at_s: float) -> None:
        """Stop what was played; keep it where a pause may end with the same task."""
        if stage is not None and self._stopped is not None:
            self._stopped[1].close(at_s)
            self._happened += self._stopped[1].happenings()
            self._stopped = None
        if leaving is None:
            return
        if stage is None:
            leaving.stop(at_s)
            self._stopped = (self._task, leaving)
        else:
            leaving.close(at_s)
        self._happened += leaving.happenings()

    def _drop_next(self) -> None:
        if self._next is not None:
            self._next[1].close(clock.now())
            self._next = None

    def _go_on_until(self, until_s: float) -> None:
        """Keep the film going while the change that follows it waits for its sound's lead."""
        playing = self._playing
        while playing is not None and (now := clock.now()) < until_s and playing.next_s is not None:
            playing.refresh(now)
            pause_s = min(until_s, playing.next_s or 0.0) - clock.now()
            if pause_s > 0:
                time.sleep(pause_s)

    def _sound_tones(self, stage: Stage, at_s: float) -> None:
        assert self.player is not None
        rate_hz = self.player.rate_hz
        if stage.kind == "flash" and stage.content.get("tone"):
            self.player.play(Samples(tone(rate_hz)), at_s, TONE)
        if self._stage is not None and self._stage.content.get("end_tone"):
            self.player.play(Samples(end_tone(rate_hz)), at_s, END_TONE)

    # What is seen

    def _scene(self, stage: Stage | None, playing: Playing | None) -> Scene:
        if stage is None or stage.kind not in DRAWN_KINDS:
            return self._ground
        first = None if playing is None else playing.first()
        return scene_of(stage, self.known) if first is None else first

    def _give_feedback(self, stage: Stage, task: ChoiceTask) -> None:
        if task.feedback and task.chosen:
            self._answered = True
            self.window.advance(choice_scene(stage, task.chosen, task.verdict), clock.now())

    def _tell_placeholder(self, scene: Scene, shown: Shown, at_s: float) -> None:
        missing = self.window.textures.is_missing(scene)
        if missing:
            time_s = at_s if shown.actual_s is None else shown.actual_s
            self._fresh.append(Happening("placeholder", time_s, {"stimulus": missing}))

    def _changed(self, facts: ScreenFacts, reason: str) -> None:
        """Go on where the system put the window: on another screen, or on one of another rate."""
        payload = {**facts.payload(), "reason": reason}
        self._happened.append(Happening("screen_changed", clock.now(), payload))
        self.forms.setScreen(self.window.display)
        self.forms.setGeometry(self.window.geometry())


def spoken_in(stage: Stage) -> str:
    """Return the stimulus that is heard in a stage without pictures, '' for none."""
    if stage.kind == "sound":
        return stage.stimulus
    return str(stage.content.get(SPOKEN.get(stage.kind, ""), "") or "")


def sounds(stage: Stage) -> bool:
    """Whether something is to be heard in the stage, or at its end."""
    content = stage.content
    if stage.kind == "film":
        return bool(content.get("sound", True))
    has_tone = stage.kind == "flash" and bool(content.get("tone"))
    return has_tone or bool(spoken_in(stage)) or bool(content.get("end_tone"))
