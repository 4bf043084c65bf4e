from pathlib import Path

from mmext.machine import nearest_folder, total_memory


def test_memory_is_what_the_system_says():
    lines = Path("/proc/meminfo").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("MemTotal")]
    assert total_memory() == 1024 * int(kilobytes)


def test_a_file_will_lie_in_the_nearest_folder(tmp_path, monkeypatch):
    assert nearest_folder(tmp_path) == tmp_path
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path
    monkeypatch.chdir(tmp_path)
    assert nearest_folder(Path("a/b")) == Path()
