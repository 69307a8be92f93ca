"""Which clip moves this person: profiles from ratings and recognizers, rankers, and how well they do."""
