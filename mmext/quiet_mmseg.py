"""Imports mmseg's data sets without what they print about a package nobody needs.

The fork prints "Could not import OneDL" for each of two optional modules.
"""

import contextlib
import io

_NOTHING_TO_ACT_ON = "Could not import OneDL"

with contextlib.redirect_stdout(io.StringIO()) as _printed:
    import mmseg.datasets  # noqa: F401

for _line in _printed.getvalue().splitlines():
    if _line != _NOTHING_TO_ACT_ON:
        print(_line)
