"""The texts that stand where a protocol gives none, in the languages we have them in."""

from __future__ import annotations

from collections.abc import Mapping

WORDING: Mapping[str, Mapping[str, str]] = {
    "CONTINUE": {"de": "WEITER", "fr": "CONTINUER", "es": "CONTINUAR", "zh": "继续", "ar": "متابعة"},
    "HOLD TO TALK": {
        "de": "ZUM SPRECHEN HALTEN",
        "fr": "MAINTENIR POUR PARLER",
        "es": "MANTENER PARA HABLAR",
        "zh": "按住说话",
        "ar": "اضغط باستمرار للتحدث",
    },
    "I feel it": {
        "de": "Ich fühle es",
        "fr": "Je le ressens",
        "es": "La siento",
        "zh": "我感受到了",
        "ar": "أشعر بذلك",
    },
    "I have finished": {
        "de": "Ich bin fertig",
        "fr": "J’ai terminé",
        "es": "He terminado",
        "zh": "我说完了",
        "ar": "انتهيت",
    },
    "Please relax and look at the middle of the screen.": {
        "de": "Bitte entspannen Sie sich und schauen Sie auf die Mitte des Bildschirms.",
        "fr": "Détendez-vous et regardez le milieu de l’écran.",
        "es": "Relájese y mire al centro de la pantalla.",
    },
    "Please type this sentence.": {
        "de": "Bitte tippen Sie diesen Satz.",
        "fr": "Veuillez taper cette phrase.",
        "es": "Escriba esta frase, por favor.",
    },
    "Hold the button and read aloud.": {
        "de": "Halten Sie den Knopf gedrückt und lesen Sie laut vor.",
        "fr": "Maintenez le bouton et lisez à voix haute.",
        "es": "Mantenga pulsado el botón y lea en voz alta.",
    },
    "Please answer aloud.": {
        "de": "Bitte antworten Sie laut.",
        "fr": "Répondez à voix haute, s’il vous plaît.",
        "es": "Responda en voz alta, por favor.",
    },
    "Short break.": {"de": "Kurze Pause.", "fr": "Courte pause.", "es": "Breve pausa."},
    "Yes": {"de": "Ja", "fr": "Oui", "es": "Sí"},
    "No": {"de": "Nein", "fr": "Non", "es": "No"},
    "Before you begin": {"de": "Bevor Sie beginnen", "fr": "Avant de commencer", "es": "Antes de empezar"},
}


def translated(text: str, language: str) -> str | None:
    """Return a default text in `language`; None where there is none (`text` itself in English)."""
    if language.split("-")[0] == "en" or not any(character.isalpha() for character in text):
        return text
    return WORDING.get(text, {}).get(language.split("-")[0])
