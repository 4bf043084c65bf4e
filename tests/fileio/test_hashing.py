import hashlib

from mmext.fileio import sha256_of


def test_files_one_after_another(tmp_path):
    parts = [b"", b"abc", bytes(range(256)) * 5000]
    paths = []
    for number, content in enumerate(parts):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    assert sha256_of(paths[1]) == hashlib.sha256(b"abc").hexdigest()
    assert sha256_of(*paths) == hashlib.sha256(b"".join(parts)).hexdigest()
    assert sha256_of(*paths[::-1]) != sha256_of(*paths)
