"""What each command does; `app.cli` parses and dispatches to these."""
