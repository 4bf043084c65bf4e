"""``mmext view``."""

import contextlib
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from pydantic import Field

from mmext.cli.arguments import ExistingFile, ExistingFolder
from mmext.ending import interrupt_when_terminated
from mmext.errors import UserError

if TYPE_CHECKING:
    from mmext.location import Location

#: Where a server listens; 0 takes one that is free.
Port = Annotated[int, Field(ge=0, le=65535)]


def view(
    folder: ExistingFolder,
    images: tuple[str, ...] = (),
    /,
    *,
    review: ExistingFile | None = None,
    port: Port = 0,
    browser: Annotated[bool, Parameter()] = False,
) -> None:
    r"""Show a map in the browser, and judge a label review there.

    Imagery, probabilities with a threshold to move, classes, objects and the candidates
    of a label review with keys to accept and reject them; verdicts are written into
    the review's GeoPackage. The page is served on this machine only, to whoever has
    the address that is printed; nothing comes from the network. Ends with Ctrl-C.

        mmext view map
        mmext view map --review review.gpkg --browser
        mmext view map ortho/train.tif --review review.gpkg --port 8000

    Args:
        folder: Folder that mmext predict wrote into.
        images: Images: files, folders, globs, .txt lists; URLs are refused. Shown where
            the map's own imagery lies elsewhere now, or where there is no map.
        review: Label review to judge (default: the one that lies in the folder).
        port: Where the page is served (default: one that is free).
        browser: Open the page.
    """
    from mmext.prepare.scene_list import expand_images
    from mmext.viewing import MapView, ViewServer
    from mmext.viewing.review_file import ReviewFile
    from mmext.viewing.sheets import find_review, find_sheets

    sheets = find_sheets(folder, [_here(image) for image in expand_images(images)])
    review = review or find_review(folder)
    if review:
        ReviewFile(review).read()  # refused now, not in the page
    with tempfile.TemporaryDirectory(prefix="mmext-view-") as copies:
        shown = MapView(sheets, review, Path(copies))
        with ViewServer(shown, port) as server:
            judged = f", and the review {review}" if review else ""
            print(f"{folder}: {len(sheets)} sheets{judged}")
            print(f"open {server.address}", flush=True)
            if browser:
                webbrowser.open(server.address)
            interrupt_when_terminated()
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()
            print("ended")


def _here(image: "Location") -> Path:
    from mmext.location import local_path

    path = local_path(image)
    if path is None:
        raise UserError(f"{image}: expected a file on this machine to be shown")
    return path
