"""The report on a study: who and what came in, how it was recorded, what was felt and what it rests on."""
