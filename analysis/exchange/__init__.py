"""Files of other tools: what goes out to them (`export_*`) and what comes in from them (`import_*`)."""
