"""The manuals: Markdown under docs/manual/LANG, some parts of it generated from the code; HTML and PDF under dist."""
