from pathlib import Path

import pytest

from mmext import machine
from mmext.machine import nearest_folder, total_memory


@pytest.mark.parametrize(
    "limits, expected",
    [
        (["1048576"], 1048576),
        (["1048576", "2097152"], 1048576),
        # Neither is a limit: the second is how cgroup 1 says "none".
        (["max", "9223372036854771712"], None),
    ],
)
def test_a_container_has_its_share(tmp_path, monkeypatch, limits, expected):
    monkeypatch.setattr(machine, "_LIMITS", ())
    whole = total_memory()
    paths = [tmp_path / f"limit{number}" for number in range(len(limits))]
    for path, text in zip(paths, limits, strict=True):
        path.write_text(f"{text}\n")
    monkeypatch.setattr(machine, "_LIMITS", (*paths, tmp_path / "absent"))
    assert total_memory() == (expected or whole)


def test_memory_is_what_the_system_says(monkeypatch):
    monkeypatch.setattr(machine, "_LIMITS", ())
    lines = Path("/proc/meminfo").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("MemTotal")]
    assert total_memory() == 1024 * int(kilobytes)


def test_a_file_will_lie_in_the_nearest_folder(tmp_path, monkeypatch):
    assert nearest_folder(tmp_path) == tmp_path
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path
    monkeypatch.chdir(tmp_path)
    assert nearest_folder(Path("a/b")) == Path()
