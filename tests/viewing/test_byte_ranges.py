import pytest

from mmext.viewing.byte_ranges import UnsatisfiableError, requested_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 0)),
        ("bytes=2-5", (2, 5)),
        ("bytes=7-", (7, 9)),
        ("bytes=7-99", (7, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-30", (0, 9)),
        # What RFC 9110 wants ignored: the whole file is sent.
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
    ],
)
def test_ranges_of_ten_bytes(header, expected):
    assert requested_range(header, 10) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_what_lies_beyond_the_file(header, size):
    with pytest.raises(UnsatisfiableError):
        requested_range(header, size)
