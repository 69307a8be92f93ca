"""Who speaks, as a vector: i-vectors and x-vectors, trained on speakers, a feature of speech."""
