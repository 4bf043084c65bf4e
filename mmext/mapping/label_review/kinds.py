"""The kinds of label errors, and what an annotator may say of a candidate."""

MISSING, WRONG, SHIFTED = "missing target", "wrong target", "boundary shift"

COLOURS = {MISSING: (31, 90, 200), WRONG: (226, 26, 28), SHIFTED: (255, 150, 0)}

#: What ``tools/make_scenes.py`` calls the errors that it plants.
PLANTED = {"missing": MISSING, "wrong": WRONG, "shifted": SHIFTED}

ACCEPT = "accept"
VERDICTS = (ACCEPT, "reject", "unsure")
