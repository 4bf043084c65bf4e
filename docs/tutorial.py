"""``make tutorial``: executes tutorial.ipynb and writes it as tutorial.md.

The page has what the cells wrote and drew.
"""

import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_output

DOCS = Path(__file__).parent
NOTEBOOK, PAGE = DOCS / "tutorial.ipynb", DOCS / "tutorial.md"


def execute(notebook: NotebookNode, folder: str | Path) -> None:
    """Run a notebook's cells in a folder; the notebook then holds their outputs.

    Raises:
        CellExecutionError: A cell failed.
    """
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=1800, resources=resources).execute()


def page_of(notebook: NotebookNode) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by the paths that the page shows.

    Cells with the tag ``hidden`` are left out, and progress bars. A picture's text is
    its cell's ``alt``.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _together(cell.outputs)
    exporter = MarkdownExporter()
    exporter.register_preprocessor(
        TagRemovePreprocessor(remove_cell_tags=["hidden"]), enabled=True
    )
    names = {"unique_key": NOTEBOOK.stem, "output_files_dir": "images"}
    page, resources = exporter.from_notebook_node(notebook, names)
    texts = iter(cell.metadata.alt for cell in notebook.cells if "alt" in cell.metadata)
    page = re.sub(r"!\[jpeg\]", lambda _: f"![{next(texts)}]", page)
    # Who copies a command needs no word of the notebook's.
    page = page.replace("%%bash -e\n", "")
    page = re.sub(r" +$", "", page, flags=re.M).strip() + "\n"
    page = re.sub(r"\n{4,}", "\n\n", page)
    return page, resources["outputs"]


def _together(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What a cell wrote, which comes in pieces, as one; then what it drew."""
    written = [out for out in outputs if out.output_type == "stream"]
    drawn = [out for out in outputs if out.output_type != "stream"]
    text = "".join(out.text for out in written if out.name == "stdout")
    return [*([new_output("stream", text=text)] if text else []), *drawn]


def main() -> None:
    """Write the page and its pictures."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        execute(notebook, folder)
    page, pictures = page_of(notebook)
    for old in (DOCS / "images").glob(f"{NOTEBOOK.stem}_*"):
        old.unlink()
    for name, picture in pictures.items():
        (DOCS / name).write_bytes(picture)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
