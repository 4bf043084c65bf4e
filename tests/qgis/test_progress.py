"""Bars are read as tqdm writes them."""

from hypothesis import given
from hypothesis import strategies as st
from mmext_processing.progress import Lines, Progress, read_line
from tqdm import tqdm

counts = st.integers(1, 10**7)


@given(
    st.sampled_from(["", "test", "Scenes", "a: b 3/4", "Maß"]),
    counts.flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))),
    st.floats(0, 1e5),
    st.sampled_from(["it", "window"]),
    st.sampled_from(["", "error: none", "done"]),
)
def test_a_bar_and_what_follows(step, done_of, seconds, unit, after):
    done, total = done_of
    bar = tqdm.format_meter(
        done, total, seconds, prefix=step, unit=unit, postfix="loss=0.1"
    )
    progress, rest = read_line(bar + after)
    assert progress == Progress(step, 100 * done / total)
    assert rest == after


def test_other_lines_are_no_bars():
    for line in (
        "map/test_class.tif, map/test.gpkg: 3 objects",
        "12% of the labels were repaired",
        "f.gpkg: 3/4 [of 5]",
        "a | 3/4 [00:00<00:01, 2.00it/s]",
    ):
        assert read_line(line) == (None, line)


@given(st.lists(st.integers(1, 7), max_size=60))
def test_lines_are_whole_however_they_come(sizes):
    text = "eins\rzwei ▎%\n\n  drei \r\nvier"
    data, lines, found = text.encode(), Lines(), []
    for size in sizes:
        found += lines.add(data[:size])
        data = data[size:]
    found += lines.add(data) + lines.add(b"", final=True)
    assert found == ["eins", "zwei ▎%", "  drei", "vier"]


def test_bytes_that_are_no_text_stop_nothing():
    lines = Lines()
    assert lines.add(b"a\xff\nb") + lines.add(b"\xc3", final=True) == ["a�", "b�"]
