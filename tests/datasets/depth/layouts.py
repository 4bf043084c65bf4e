"""Small data sets on disk, laid out and encoded as the public ones are."""

import csv
from pathlib import Path

import cv2
import numpy as np

THERMAL_K = np.array([[40.0, 0, 20], [0, 40, 12], [0, 0, 1]])
RGB_K = np.array([[60.0, 0, 31], [0, 60, 18], [0, 0, 1]])


def write_image(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def thermal_counts(seed: int, shape=(24, 40), low=3000, high=6000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, shape).astype(np.uint16)


def depth_metres(seed: int, shape=(24, 40), far=9.0) -> np.ndarray:
    depth = np.random.default_rng(100 + seed).uniform(1, far, shape)
    depth[:3] = 0
    return depth


def make_ms2(root: Path, frames: int = 3) -> Path:
    for sequence in ("_2021-08-06-10-59-33", "_2021-08-13-22-16-02"):
        sync = root / "sync_data" / sequence
        for frame in range(frames):
            name = f"{frame:06d}.png"
            write_image(sync / "thr/img_left" / name, thermal_counts(frame))
            write_image(sync / "thr/img_right" / name, thermal_counts(frame + 50))
            colour = np.full((36, 62, 3), (200, 20, 30 * frame), np.uint8)
            write_image(sync / "rgb/img_left" / name, colour)
            stored = np.round(depth_metres(frame, far=79) * 256).astype(np.uint16)
            folder = root / "proj_depth" / sequence / "thr/depth_filtered"
            write_image(folder / name, stored)
        calibration = {
            "K_thrL": THERMAL_K,
            "K_rgbL": RGB_K,
            "R_nir2thr": np.eye(3),
            "T_nir2thr": np.array([[100.0], [0], [0]]),
            "R_nir2rgb": np.eye(3),
            "T_nir2rgb": np.array([[-50.0], [20], [0]]),
        }
        np.save(sync / "calib.npy", np.array(calibration, dtype=object))
    (root / "train_list.txt").write_text(
        "_2021-08-06-10-59-33\n_2021-08-13-22-16-02\n\n"
    )
    (root / "val_list.txt").write_text("_2021-08-13-22-16-02\n")
    return root


def make_vivid(root: Path) -> Path:
    sequence = root / "indoor_aggresive_dark"
    for frame in range(2):
        write_image(sequence / "Thermal" / f"{frame:06d}.png", thermal_counts(frame))
        colour = np.full((24, 40, 3), 90, np.uint8)
        write_image(sequence / "RGB" / f"{frame:06d}.png", colour)
        for kind in ("Depth_T", "Depth_RGB"):
            (sequence / kind).mkdir(exist_ok=True)
            np.save(sequence / kind / f"{frame:06d}.npy", depth_metres(frame))
    np.savetxt(sequence / "cam_T.txt", THERMAL_K)
    np.savetxt(sequence / "cam_RGB.txt", RGB_K)
    transform = np.eye(4)
    transform[0, 3] = -0.15
    np.savetxt(sequence / "Tr_T2RGB.txt", transform)
    (root / "train_indoor.txt").write_text("indoor_aggresive_dark\n")
    return root


def make_mm5(root: Path, train=(1, 2, 107), evaluation=(106, 324)) -> Path:
    for frame in (*train, *evaluation):
        write_image(
            root / f"Thermal/{frame}.png", thermal_counts(frame, low=18000, high=19000)
        )
        stored = np.round(depth_metres(frame, far=1.4) * 1000).astype(np.uint16)
        write_image(root / f"Depth/{frame}.png", stored)
        write_image(root / f"RGB/{frame}.jpg", np.full((24, 40, 3), 128, np.uint8))
        labels = np.zeros((24, 40), np.uint8)
        labels[10:15, 10:20] = 7
        write_image(root / f"Class_Annotations/{frame}.png", labels)
    for name, ids in (("train", train), ("eval", evaluation)):
        with (root / f"{name}_dataset.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["ID", "Sequence", "Category", "Challenges"])
            writer.writerows([i, 280 + i, "Fruit", "real, rotten"] for i in ids)
    return root


def make_folder(root: Path, frames: int = 4, shape=(24, 40)) -> Path:
    rows = []
    for frame in range(frames):
        name = f"f{frame}.png"
        write_image(root / "thermal" / name, thermal_counts(frame, shape))
        stored = np.round(depth_metres(frame, shape) * 1000).astype(np.uint16)
        write_image(root / "depth" / name, stored)
        colour = np.full((*shape, 3), 25 * frame, np.uint8)
        write_image(root / "rgb" / name, colour)
        split = "train" if frame < frames - 1 else "test"
        rows.append([f"f{frame}", split, *(f"{k}/{name}" for k in ROLES)])
    with (root / "samples.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample_id", "split", *ROLES])
        writer.writerows(rows)
    return root


ROLES = ("thermal", "depth", "rgb")
