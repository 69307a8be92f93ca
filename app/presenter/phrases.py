"""The few words that the presenter itself says to a participant, by language.

Everything else comes from the protocol. A protocol in a language that is not here gets these in
English; `evoke check` can ask `is_spoken`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "continue": "CONTINUE",
        "hold_to_talk": "HOLD TO TALK",
        "feel_it": "I feel it",
        "finished": "I have finished",
        "decline": "I would rather not answer",
        "answer_missing": "One answer is missing.",
        "answers_missing": "{n} answers are missing.",
        "page": "Page {n} of {m}",
        "please_type": "Please type the sentence.",
        "hold_button": "Hold the button while you read aloud.",
        "was_short": "That was short. Please hold the button for as long as you read.",
        "please_more": "Please try once more. Take your time, and speak as loudly as usual.",
        "prepare": "Take a moment to think. You can speak in {n} s.",
        "speak_now": "Please speak now.",
        "no_microphone": "No microphone",
        "escape": "Esc: pause or stop",
        "seconds_left": "{n} s left",
        "paused": "Pause",
        "rights": "Take the time you need. You can go on where you were, skip this part, or stop altogether. "
        "You do not have to give a reason, and nothing you did so far is lost.",
        "go_on": "Go on",
        "skip": "Skip this",
        "stop": "Stop",
        "choose_between": "Choose {n} to {m}.",
        "choose_exactly": "Choose {n}.",
        "choose_any": "Choose all that apply.",
        "more_answers": "More answers ({n} of {m})",
        "grid": "Click, or move with the arrow keys and press Enter.",
        "or_key": "or press {key}",
        "write_here": "Write here",
        "characters_left": "{n} characters left",
        "moment": "One moment, please",
        "thanks": "Thank you.",
        "ended": "The session has ended.",
    },
    "de": {
        "continue": "WEITER",
        "hold_to_talk": "ZUM SPRECHEN HALTEN",
        "feel_it": "Ich fühle es",
        "finished": "Ich bin fertig",
        "decline": "Das möchte ich nicht beantworten",
        "answer_missing": "Eine Antwort fehlt noch.",
        "answers_missing": "{n} Antworten fehlen noch.",
        "page": "Seite {n} von {m}",
        "please_type": "Bitte schreiben Sie den Satz ab.",
        "hold_button": "Halten Sie die Taste gedrückt, während Sie vorlesen.",
        "was_short": "Das war kurz. Bitte halten Sie die Taste, solange Sie lesen.",
        "please_more": "Bitte noch einmal. Nehmen Sie sich Zeit und sprechen Sie so laut wie sonst.",
        "prepare": "Überlegen Sie einen Moment. In {n} s können Sie sprechen.",
        "speak_now": "Bitte sprechen Sie jetzt.",
        "no_microphone": "Kein Mikrofon",
        "escape": "Esc: Pause oder Abbruch",
        "seconds_left": "noch {n} s",
        "paused": "Pause",
        "rights": "Nehmen Sie sich die Zeit, die Sie brauchen. Sie können weitermachen, diesen Teil "
        "überspringen oder ganz aufhören. Sie müssen keinen Grund nennen, und nichts von dem, was Sie bisher "
        "getan haben, geht verloren.",
        "go_on": "Weitermachen",
        "skip": "Überspringen",
        "stop": "Aufhören",
        "choose_between": "Wählen Sie {n} bis {m} aus.",
        "choose_exactly": "Wählen Sie {n} aus.",
        "choose_any": "Wählen Sie alles aus, was zutrifft.",
        "more_answers": "Weitere Antworten ({n} von {m})",
        "grid": "Klicken Sie, oder gehen Sie mit den Pfeiltasten und drücken Sie die Eingabetaste.",
        "or_key": "oder Taste {key}",
        "write_here": "Hier schreiben",
        "characters_left": "noch {n} Zeichen",
        "moment": "Einen Moment bitte",
        "thanks": "Vielen Dank.",
        "ended": "Die Sitzung ist zu Ende.",
    },
    "fr": {
        "continue": "CONTINUER",
        "hold_to_talk": "MAINTENIR POUR PARLER",
        "feel_it": "Je le ressens",
        "finished": "J’ai terminé",
        "decline": "Je préfère ne pas répondre",
        "answer_missing": "Il manque une réponse.",
        "answers_missing": "Il manque {n} réponses.",
        "page": "Page {n} sur {m}",
        "please_type": "Veuillez recopier la phrase.",
        "hold_button": "Maintenez le bouton enfoncé pendant que vous lisez à voix haute.",
        "was_short": "C’était court. Maintenez le bouton pendant toute la lecture.",
        "please_more": "Encore une fois, s’il vous plaît. Prenez votre temps et parlez comme d’habitude.",
        "prepare": "Prenez un moment pour réfléchir. Vous pourrez parler dans {n} s.",
        "speak_now": "Vous pouvez parler.",
        "no_microphone": "Pas de microphone",
        "escape": "Échap : pause ou arrêt",
        "seconds_left": "encore {n} s",
        "paused": "Pause",
        "rights": "Prenez le temps qu’il vous faut. Vous pouvez reprendre, passer cette partie ou arrêter. "
        "Vous n’avez pas à vous justifier, et rien de ce que vous avez fait n’est perdu.",
        "go_on": "Reprendre",
        "skip": "Passer",
        "stop": "Arrêter",
        "choose_between": "Choisissez-en {n} à {m}.",
        "choose_exactly": "Choisissez-en {n}.",
        "choose_any": "Choisissez tout ce qui convient.",
        "more_answers": "Autres réponses ({n} sur {m})",
        "grid": "Cliquez, ou déplacez-vous avec les flèches et appuyez sur Entrée.",
        "or_key": "ou la touche {key}",
        "write_here": "Écrivez ici",
        "characters_left": "encore {n} caractères",
        "moment": "Un instant, s’il vous plaît",
        "thanks": "Merci.",
        "ended": "La séance est terminée.",
    },
    "es": {
        "continue": "CONTINUAR",
        "hold_to_talk": "MANTENER PARA HABLAR",
        "feel_it": "La siento",
        "finished": "He terminado",
        "decline": "Prefiero no responder",
        "answer_missing": "Falta una respuesta.",
        "answers_missing": "Faltan {n} respuestas.",
        "page": "Página {n} de {m}",
        "please_type": "Copie la frase, por favor.",
        "hold_button": "Mantenga pulsado el botón mientras lee en voz alta.",
        "was_short": "Ha sido corto. Mantenga el botón mientras lee.",
        "please_more": "Una vez más, por favor. Tómese su tiempo y hable como de costumbre.",
        "prepare": "Piense un momento. Podrá hablar en {n} s.",
        "speak_now": "Hable ahora, por favor.",
        "no_microphone": "Sin micrófono",
        "escape": "Esc: pausa o fin",
        "seconds_left": "quedan {n} s",
        "paused": "Pausa",
        "rights": "Tómese el tiempo que necesite. Puede seguir, saltarse esta parte o terminar. "
        "No tiene que dar ninguna razón, y no se pierde nada de lo que ha hecho.",
        "go_on": "Seguir",
        "skip": "Saltar",
        "stop": "Terminar",
        "choose_between": "Elija de {n} a {m}.",
        "choose_exactly": "Elija {n}.",
        "choose_any": "Elija todo lo que corresponda.",
        "more_answers": "Más respuestas ({n} de {m})",
        "grid": "Haga clic, o muévase con las flechas y pulse Intro.",
        "or_key": "o la tecla {key}",
        "write_here": "Escriba aquí",
        "characters_left": "quedan {n} caracteres",
        "moment": "Un momento, por favor",
        "thanks": "Gracias.",
        "ended": "La sesión ha terminado.",
    },
    "zh": {
        "continue": "继续",
        "hold_to_talk": "按住说话",
        "feel_it": "我感受到了",
        "finished": "我说完了",
        "decline": "我不想回答",
        "answer_missing": "还有一个问题没有回答。",
        "answers_missing": "还有 {n} 个问题没有回答。",
        "page": "第 {n} 页，共 {m} 页",
        "please_type": "请输入这个句子。",
        "hold_button": "朗读时请按住按钮。",
        "was_short": "时间有点短。朗读时请一直按住按钮。",
        "please_more": "请再试一次。不用着急，用平时的音量说话。",
        "prepare": "请先想一想。{n} 秒后可以开始说话。",
        "speak_now": "请开始说话。",
        "no_microphone": "没有麦克风",
        "escape": "Esc：暂停或停止",
        "seconds_left": "还剩 {n} 秒",
        "paused": "暂停",
        "rights": "请慢慢来。您可以继续，跳过这一部分，或者完全停止。"
        "您不需要说明理由，已完成的内容都会保留。",
        "go_on": "继续",
        "skip": "跳过",
        "stop": "停止",
        "choose_between": "请选择 {n} 至 {m} 项。",
        "choose_exactly": "请选择 {n} 项。",
        "choose_any": "请选择所有符合的选项。",
        "more_answers": "更多选项（{n}/{m}）",
        "grid": "请点击，或用方向键移动后按回车键。",
        "or_key": "或按 {key}",
        "write_here": "请在此输入",
        "characters_left": "还可输入 {n} 个字",
        "moment": "请稍候",
        "thanks": "谢谢。",
        "ended": "实验已结束。",
    },
    "ar": {
        "continue": "متابعة",
        "hold_to_talk": "اضغط باستمرار للتحدث",
        "feel_it": "أشعر بذلك",
        "finished": "انتهيت",
        "decline": "أفضّل عدم الإجابة",
        "answer_missing": "تنقص إجابة واحدة.",
        "answers_missing": "عدد الإجابات الناقصة: {n}",
        "page": "الصفحة {n} من {m}",
        "please_type": "من فضلك اكتب الجملة.",
        "hold_button": "اضغط على الزر باستمرار أثناء القراءة بصوت عالٍ.",
        "was_short": "كان ذلك قصيرًا. استمر في الضغط على الزر طوال القراءة.",
        "please_more": "مرة أخرى من فضلك. خذ وقتك وتحدث بصوتك المعتاد.",
        "prepare": "خذ لحظة للتفكير. يمكنك التحدث بعد {n} ث.",
        "speak_now": "تفضل بالتحدث الآن.",
        "no_microphone": "لا يوجد ميكروفون",
        "escape": "Esc: إيقاف مؤقت أو إنهاء",
        "seconds_left": "بقي {n} ث",
        "paused": "استراحة",
        "rights": "خذ الوقت الذي تحتاجه. يمكنك المتابعة أو تخطي هذا الجزء أو التوقف نهائيًا. "
        "لست مضطرًا إلى ذكر السبب، ولن يضيع شيء مما قمت به.",
        "go_on": "متابعة",
        "skip": "تخطي هذا الجزء",
        "stop": "التوقف",
        "choose_between": "اختر من {n} إلى {m}.",
        "choose_exactly": "اختر {n}.",
        "choose_any": "اختر كل ما ينطبق.",
        "more_answers": "إجابات أخرى ({n} من {m})",
        "grid": "انقر، أو تحرك بمفاتيح الأسهم واضغط Enter.",
        "or_key": "أو اضغط {key}",
        "write_here": "اكتب هنا",
        "characters_left": "بقي {n} حرفًا",
        "moment": "لحظة من فضلك",
        "thanks": "شكرًا لك.",
        "ended": "انتهت الجلسة.",
    },
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """What to say in `language` (a code such as de or pt-BR; "" is English)."""

    language: str = FALLBACK

    @property
    def is_right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return _root(self.language) in RIGHT_TO_LEFT

    def say(self, key: str, n: int = 0, m: int = 0, name: str = "") -> str:
        """Return the words of `key`, with its numbers or a key's name filled in; "" for ""."""
        if not key:
            return ""
        if key == "answers_missing" and n == 1:
            key = "answer_missing"
        table = PHRASES.get(_root(self.language), PHRASES[FALLBACK])
        return table[key].format(n=n, m=m, key=name)


def is_spoken(language: str) -> bool:
    """Whether these words exist in a language."""
    return _root(language) in PHRASES


def _root(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]
