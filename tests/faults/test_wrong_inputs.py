"""Wrong inputs, each refused in one line before anything is written.

Every command with every kind of value that its arguments can't be, files that are
damaged or of another kind, and config keys that say what can't be done.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from mmengine.logging import MMLogger

from mmext.cli.app import main

from .world import ROOT, listing, make_world, tidy

#: A progress bar may stand above the line.
BAR = re.compile(r"\d+%\|")

# What an argument of each kind is not, and what the line then says.
COUNT = {"x": "a whole number", "0": "at least 1", "-3": "at least 1", "2.5": "a whole"}
COUNT |= {"nan": "a whole number", "inf": "a whole number", "''": "a whole number"}
INDEX = {"x": "a whole number", "-1": "at least 0", "0.5": "a whole number"}
INDEX |= {"nan": "a whole number", "''": "a whole number"}
POSITIVE = {"x": "a number", "0": "more than 0", "-1": "more than 0", "nan": "a finite"}
POSITIVE |= {"inf": "a finite number", "''": "a number"}
NOT_NEGATIVE = {"x": "a number", "-1": "at least 0", "nan": "a finite", "inf": "a fini"}
SHARE = {"x": "a number", "-0.1": "at least 0", "1.1": "at most 1", "nan": "a finite"}
SHARE |= {"inf": "a finite number", "50%": "a number"}
CHOICE = {"x": "one of", "''": "one of"}
PAIR = {"3": "1 value, expected 2", "3 x": "a whole number", "0 4": "at least 1"}
FILE = {"none": "an existing file", "folder": "a file, not a folder"}
FOLDER = {"none": "an existing folder", "empty": "a folder, not a file"}
OUT = {"empty": "a folder, not a file", "empty/x": "in a folder, empty is none"}
OUT_FILE = {"folder": "a file, not a folder", "empty/x": "in a folder, empty is none"}
DEVICE = {"gpuu": "cpu, cuda or cuda:N", "cuda:x": "cpu,", "cuda:99": "", "-1": "cpu,"}
OPTIONS = {"x": "key=value", "=1": "key=value", "a=[1,2": "--cfg-options: "}

#: A right command line, and what is wrong for each of its options.
ARGUMENTS = {
    "prepare scene.tif --labels fields.gpkg --out new": {
        "--tile-size": COUNT,
        "--stride": COUNT,
        "--bands": {
            "0": "at least 1",
            "-1": "at least 1",
            "x": "whole",
            "": "at least 1",
        },
        "--min-valid": SHARE,
        "--nodata": {"x": "a number", "''": "a number"},
        "--label-values": {"x": "a whole number", "1.5": "a whole number"},
        "--labels": FILE,
        "--split-csv": FILE,
        "--out": OUT,
    },
    "pretrain pretraining.py scene.tif --work-dir new": {
        "--work-dir": OUT,
        "--tiles": COUNT,
        "--tile-size": COUNT,
        "--min-valid": SHARE,
        "--nodata": {"x": "a number", "''": "a number"},
        "--seed": INDEX,
        "--device": DEVICE,
        "--cfg-options": OPTIONS,
    },
    "train tiny.py --work-dir new": {
        "--work-dir": OUT,
        "--cfg-options": OPTIONS,
        "--launcher": CHOICE,
        "--local_rank": INDEX,
    },
    "doctor tiny.py --work-dir new": {
        "--work-dir": OUT,
        "--cfg-options": OPTIONS,
        "--json": OUT_FILE,
    },
    "analyze folder --out new": {
        "--out": OUT,
        "--store": FOLDER,
        "--worst": COUNT,
        "--device": DEVICE,
    },
    "browse tiny.py --out new": {
        "--work-dir": OUT,
        "--out": OUT,
        "--loader": CHOICE,
        "--show": COUNT,
        "--cfg-options": OPTIONS,
    },
    "test tiny.py work/tiny/epoch_4.pth": {
        "--out": OUT,
        "--cfg-options": OPTIONS,
        "--launcher": CHOICE,
    },
    "predict work/tiny/epoch_4.pth scene.tif --out new": {
        "--device": DEVICE,
        "--backend": CHOICE,
        "--precision": CHOICE,
        "--window": COUNT,
        "--overlap": INDEX,
        "--min-area": NOT_NEGATIVE,
        "--simplify": NOT_NEGATIVE,
        "--out": OUT,
    },
    "evaluate mask.tif --labels fields.gpkg --out new": {
        "--labels": FILE,
        "--area": FILE,
        "--min-cover": SHARE,
        "--out": OUT,
    },
    "report work --out new": {"--out": OUT, "--epochs": {"x": "", "0": "", "9:3": ""}},
    "reproduce . --out new": {
        "--out": OUT,
        "--train": FOLDER,
        "--test": FOLDER,
        "--epoch-scale": POSITIVE,
        "--seeds": INDEX,
        "--jobs": COUNT,
        "--cfg-options": OPTIONS,
    },
    "study study_empty.py --out new": {"--out": OUT, "--jobs": COUNT},
    "atlas work/tiny/error_bank_epoch_4.npz --store store --out new": {
        "--store": FOLDER,
        "--out": OUT,
    },
    "review work/tiny/error_bank_epoch_4.npz work/tiny/epoch_4.pth --store store "
    "--out new.gpkg": {
        "--store": FOLDER,
        "--planted": FILE,
        "--tolerance": INDEX,
        "--device": DEVICE,
        "--out": OUT_FILE,
    },
    "export work/tiny/epoch_4.pth --out new.onnx": {
        "--out": OUT_FILE,
        "--int8": FOLDER,
        "--check": FOLDER,
        "--tiles": COUNT,
        "--seed": INDEX,
    },
    "scenes --out new": {
        "--out": OUT,
        "--scenes": COUNT,
        "--size": PAIR,
        "--seed": INDEX,
        "--region": CHOICE,
        "--pixel-size": POSITIVE,
        "--label-error-rate": NOT_NEGATIVE,
    },
    "benchmark": {"--repeats": COUNT, "--only": CHOICE, "--out": OUT_FILE},
    "depth predict depth.pth grey.png --out new": {
        "--out": OUT,
        "--format": CHOICE,
        "--scale": POSITIVE,
        "--preview-range": {"1": "1 value, expected 2", "-1 4": "", "1 nan": ""},
        "--intrinsics": {"1 2 3": "3 value, expected 4", "0 1 1 1": "", "x 1 1 1": ""},
        "--batch-size": COUNT,
        "--device": DEVICE,
    },
    "depth report work --out new": {"--out": OUT, "--number": INDEX},
    "depth scenes --out new": {
        "--out": OUT,
        "--train-scenes": INDEX,
        "--test-scenes": INDEX,
        "--frames": COUNT,
        "--size": PAIR,
        "--field-of-view": {"0": "more than 0", "180": "less than 180", "nan": ""},
        "--kind": CHOICE,
        "--seed": INDEX,
        "--lidar-beams": INDEX,
    },
    "depth teach --dataset FolderDepthDataset --dataset-options root=. "
    "--model true-depth --out new": {
        "--out": OUT,
        "--space": CHOICE,
        "--normalise": CHOICE,
        "--input-size": PAIR,
        "--fill": NOT_NEGATIVE,
        "--batch-size": COUNT,
        "--device": DEVICE,
        "--dataset-options": {"x": "key=value"},
        "--model": {"none.onnx": "no such model"},
    },
    "depth convert-ms2 code.npy": {},
}


def _with(line: str, option: str, value: str) -> str:
    """A command line on which an option has another value."""
    words = shlex.split(line)
    if option in words:
        at = words.index(option)
        words[at : at + 2] = []
    return f"{shlex.join(words)} {option} {value}"


def _arguments() -> Iterator[tuple[str, str]]:
    for line, options in ARGUMENTS.items():
        words = shlex.split(line)
        command = " ".join(words[: 2 if words[0] == "depth" else 1])
        yield f"{line} --colour red", "--colour: unknown option"
        if "--out" in words:
            at = words.index("--out")
            yield shlex.join(words[:at] + words[at + 2 :]), "--out: missing"
            yield f"{line} --out twice", "--out: given twice"
            yield f"{shlex.join(words[:at] + words[at + 2 :])} --out", "--out: no value"
        if command not in ("benchmark",):
            yield command, "missing"
        for option, values in options.items():
            for value, message in values.items():
                yield _with(line, option, value), message


#: Command lines that are right by themselves with files that are not, and the rest.
FILES = {
    "tran tiny.py": "tran: unknown command, did you mean train?",
    "depth teech": "teech: unknown command, did you mean teach?",
    "pretrain tiny.py scene.tif --work-dir new": "tiny.py: has no EncoderHook",
    "pretrain pretraining.py --work-dir new": "IMAGES: missing",
    "pretrain pretraining.py none.tif --work-dir new": "none.tif: no image there",
    "pretrain pretraining.py text.tif --work-dir new": "text.tif: ",
    "pretrain pretraining.py scene.tif --work-dir new": "--tile-size takes smaller",
    "pretrain pretraining.py scene.tif --work-dir new --tile-size 32 --bands 4": (
        "band 4"
    ),
    "pretrain pretraining.py scene.tif --work-dir new --cfg-options mdoel.x=1": (
        "has no 'mdoel'"
    ),
    "pretrain pretraining.py scene.tif --resume --overwrite": "given together",
    "train tiny.py tiny.py": "'tiny.py': not expected here",
    "train tiny.py --resum": "--resum: unknown option, did you mean --resume?",
    "train tiny.py --amp=7": "--amp: is '7', expected no value",
    "train tiny.py --resume --overwrite": "--resume and --overwrite: given together",
    "train tiny.py --amp --work-dir new": "--amp: ",
    "train none.py": "expected an existing file",
    "train folder": "expected a file, not a folder",
    "train scene.tif --work-dir new": "scene.tif: ",
    "train text.csv --work-dir new": "text.csv: ",
    "train work/tiny/epoch_4.pth --work-dir new": "epoch_4.pth: ",
    "train work/tiny/run.json --work-dir new": "run.json: ",
    **{
        f"train {name}.py --work-dir new": message
        for name, message in {
            "raises": "raises.py: ",
            "divides": "divides.py: ",
            "syntax": "syntax.py: ",
            "empty": "empty.py: ",
            "statements": "statements.py: ",
            "exits": "exits.py: ",
            "missing_base": "nowhere.py",
            "own_base": "own_base.py",
            "unknown_import": "unknown_import.py: ",
            "own_parent": "own_parent",
            "lost_parent": "nobody",
            "late_parent": "20 epochs",
            "odd_use": "borrow",
            "text_epoch": "epoch",
            "text_lineage": "lineage",
            "number_parent": "lineage.parent",
            "text_hooks": "default_hooks",
            "ring_a": "ring_",
            "no_model": "no_model.py: ",
        }.items()
    },
    "train tiny.py --work-dir work/tiny": "holds a run",
    "train tiny.py --keep-batch --auto-scale-lr": "given together, expected one",
    **{
        f"doctor {name}.py --work-dir new": name
        for name in ("raises", "syntax", "empty", "exits", "no_model", "own_parent")
    },
    "doctor none.py": "expected an existing file",
    "doctor scene.tif": "scene.tif: ",
    "test tiny.py none.pth": "expected an existing file",
    "test none.py work/tiny/epoch_4.pth": "expected an existing file",
    "test work/tiny/epoch_4.pth tiny.py": "",
    "test tiny.py tiny.py --out new": "tiny.py: ",
    "test tiny.py empty --out new": "empty: ",
    "test tiny.py text.pth --out new": "text.pth: ",
    "test tiny.py torn.pth --out new": "torn.pth: ",
    "test tiny.py code.pth --out new": "code.pth: ",
    "test tiny.py scene.tif --out new": "scene.tif: ",
    "test tiny.py depth.pth --out new": "depth.pth: ",
    "test tiny.py work/tiny/error_bank_epoch_4.npz --out new": "error_bank",
    "test tiny.py work/tiny/epoch_4.pth --tta --out new": "--tta",
    "predict none.pth scene.tif --out new": "expected an existing file",
    "predict folder scene.tif --out new": "a folder that holds a model.json",
    "predict scene.tif work/tiny/epoch_4.pth --out new": "scene.tif: ",
    "predict empty scene.tif --out new": "empty: ",
    "predict text.pth scene.tif --out new": "text.pth: ",
    "predict torn.pth scene.tif --out new": "torn.pth: ",
    "predict code.pth scene.tif --out new": "code.pth: ",
    "predict bare.pth scene.tif --out new": "bare.pth: ",
    "predict no_meta.pth scene.tif --out new": "no_meta.pth: ",
    "predict depth.pth scene.tif --out new": "depth.pth: ",
    "predict text.onnx scene.tif --out new --backend onnxruntime": "text.onnx: ",
    "predict text.onnx scene.tif --out new": "text.onnx: ",
    "predict work/tiny/epoch_4.pth none.tif --out new": "none.tif: no image there",
    "predict work/tiny/epoch_4.pth folder --out new": "folder: no image there",
    "predict work/tiny/epoch_4.pth list.txt --out new": "nowhere.tif: no image",
    "predict work/tiny/epoch_4.pth 'none*' --out new": "none*: no image there",
    "predict work/tiny/epoch_4.pth text.tif --out new": "text.tif: ",
    "predict work/tiny/epoch_4.pth empty --out new": "empty: ",
    "predict work/tiny/epoch_4.pth fields.gpkg --out new": "fields.gpkg: ",
    "predict work/tiny/epoch_4.pth mask.tif --out new": "mask.tif: ",
    "predict work/tiny/epoch_4.pth grey.png --out new": "grey.png: ",
    "predict work/tiny/epoch_4.pth scene.tif --out new --precision fp16": "--precision",
    "predict work/tiny/epoch_4.pth scene.tif --out new --where 'bad syntax ('": "where",
    "predict work/tiny/epoch_4.pth scene.tif --out new --where nothing=1": "where",
    "prepare none.tif --labels fields.gpkg --out new": "none.tif: no image",
    "prepare text.tif --labels fields.gpkg --out new": "text.tif: ",
    "prepare empty --labels fields.gpkg --out new": "empty: ",
    "prepare fields.gpkg --labels scene.tif --out new": "",
    "prepare folder --labels fields.gpkg --out new": "folder: no image",
    "prepare complex.tif --labels fields.gpkg --out new": "complex.tif: ",
    "prepare scene.tif --labels text.gpkg --out new": "text.gpkg: ",
    "prepare scene.tif --labels text.tif --out new": "text.tif: ",
    "prepare scene.tif --labels empty --out new": "empty: ",
    "prepare scene.tif --labels notes.geojson --out new": "notes.geojson: ",
    "prepare scene.tif --labels scene.tif --out new": "scene.tif: ",
    "prepare scene.tif --labels nothing.gpkg --out new": "nothing.gpkg: ",
    "prepare scene.tif --labels tiny.py --out new": "tiny.py: ",
    "prepare scene.tif --labels fields.gpkg mask.tif --out new": "--labels: 2",
    "prepare scene.tif scene.tif --labels fields.gpkg --out new": "scene",
    "prepare scene.tif --labels fields.gpkg --out store": "store: exists",
    "prepare scene.tif --labels fields.gpkg --out folder": "folder: exists",
    "prepare scene.tif --labels fields.gpkg --out folder --overwrite": "no",
    "prepare scene.tif --labels fields.gpkg --out new --bands 4": "band 4",
    "prepare scene.tif --labels fields.gpkg --out new --label-layer x": "'x'",
    "prepare scene.tif --labels fields.gpkg --out new --label-where 'a ('": "",
    "prepare scene.tif --labels fields.gpkg --out new --label-where x=1": "x",
    "prepare scene.tif --masks unpaired --out new": "scene.tif: no mask",
    "prepare scene.tif --masks none --out new": "expected an existing folder",
    "prepare scene.tif --masks empty --out new": "a folder, not a file",
    "prepare scene.tif --out new": "--labels or --masks: missing",
    "prepare scene.tif --labels fields.gpkg --masks folder --out new": "toget",
    "prepare scene.tif --labels mask.tif --out new --label-values": "at least",
    "prepare --labels fields.gpkg --out new": "IMAGES: missing",
    "prepare scene.tif --labels fields.gpkg --out new --split a": "--split-cs",
    "prepare scene.tif --labels fields.gpkg --out new --split-csv split.csv": (
        "--split: missing"
    ),
    **{
        "prepare scene.tif --labels fields.gpkg --out new --split train "
        f"--split-csv {table}": table
        for table in ("text.csv", "empty", "scene.tif", "folder", "none.csv")
    },
    "prepare scene.tif --labels fields.gpkg --out new --split-csv split.csv "
    "--split test": "no image in split 'test'",
    "evaluate text.tif --labels fields.gpkg --out new": "text.tif: ",
    "evaluate scene.tif --labels fields.gpkg --out new": "scene.tif: ",
    "evaluate empty --labels fields.gpkg --out new": "empty: ",
    "evaluate fields.gpkg --labels mask.tif --out new": "mask.tif: ",
    "evaluate mask.tif --labels text.gpkg --out new": "text.gpkg: ",
    "evaluate mask.tif --labels empty --out new": "empty: ",
    "evaluate mask.tif --labels fields.gpkg --area text.tif --out new": "text.tif",
    "evaluate mask.tif --labels fields.gpkg --label-where 'a (' --out new": "a (",
    "evaluate mask.tif --labels fields.gpkg --label-where none=1 --out new": "none",
    "report none --out new": "expected an existing folder",
    "report empty --out new": "expected a folder, not a file",
    "report folder --out new": "folder: ",
    "report store --out new": "store: ",
    "report --out new": "WORK_DIRS: missing",
    "reproduce none --out new": "expected an existing folder",
    "reproduce tiny.py --out new": "expected a folder, not a file",
    "reproduce folder --out new": "folder: ",
    "study none.py --out new": "expected an existing file",
    **{
        f"study {name} --out new": name
        for name in (
            "study_empty.py",
            "study_typo.py",
            "syntax.py",
            "raises.py",
            "empty.py",
            "tiny.py",
            "scene.tif",
            "exits.py",
        )
    },
    **{
        f"atlas {name} --store store --out new": name
        for name in (
            "none.npz",
            "empty",
            "text.npz",
            "code.npy",
            "scene.tif",
            "work/tiny/epoch_4.pth",
        )
    },
    **{
        f"atlas work/tiny/error_bank_epoch_4.npz --store {name} --out new": name
        for name in ("folder", "store4", "work")
    },
    "review --out new.gpkg": "SNAPSHOT: missing",
    "review work/tiny/error_bank_epoch_4.npz --out new.gpkg": "CHECKPOINT: missing",
    "review work/tiny/error_bank_epoch_4.npz work/tiny/epoch_4.pth --out new.gpkg": (
        "--store: missing"
    ),
    **{
        f"review work/tiny/error_bank_epoch_4.npz {name} --store store "
        "--out new.gpkg": name
        for name in ("empty", "text.pth", "torn.pth", "code.pth", "depth.pth")
    },
    **{
        f"review {name} work/tiny/epoch_4.pth --store store --out new.gpkg": name
        for name in ("empty", "text.npz", "code.npy", "depth.pth")
    },
    "review work/tiny/error_bank_epoch_4.npz work/tiny/epoch_4.pth --store store4 "
    "--out new.gpkg": "store4",
    "review work/tiny/error_bank_epoch_4.npz work/tiny/epoch_4.pth --store store "
    "--planted text.gpkg --out new.gpkg": ("text.gpkg: "),
    "review work/tiny/error_bank_epoch_4.npz work/tiny/epoch_4.pth --store store "
    "--out fields.gpkg": "fields.gpkg: exists",
    "review --apply fields.gpkg --out new.gpkg": "--labels: missing",
    "review --labels fields.gpkg --out new.gpkg": "SNAPSHOT: missing",
    "review --apply fields.gpkg --labels fields.gpkg --store store --out new.gpkg": (
        "--store: not expected with"
    ),
    "review --apply fields.gpkg --labels fields.gpkg --device cpu --out new.gpkg": (
        "--device: not expected with"
    ),
    "review --apply fields.gpkg --labels fields.gpkg --out new.gpkg": "fields.gpkg: ",
    "review --apply text.gpkg --labels fields.gpkg --out new.gpkg": "text.gpkg: ",
    "review --apply empty --labels fields.gpkg --out new.gpkg": "empty: ",
    "export work/tiny/epoch_4.pth --out new.onnx --tiles 3": "--tiles and --seed: ",
    **{
        f"export work/tiny/epoch_4.pth --out new.onnx --int8 {name}": name
        for name in ("folder", "store4", "work")
    },
    **{
        f"export {name} --out new.onnx": name
        for name in (
            "none.pth",
            "folder",
            "empty",
            "text.pth",
            "torn.pth",
            "code.pth",
            "bare.pth",
            "no_meta.pth",
            "depth.pth",
            "scene.tif",
            "text.onnx",
        )
    },
    **{
        f"depth predict {name} grey.png --out new": name
        for name in (
            "none.pth",
            "folder",
            "empty",
            "text.pth",
            "torn.pth",
            "code.pth",
            "bare.pth",
            "work/tiny/epoch_4.pth",
            "grey.png",
        )
    },
    **{
        f"depth predict depth.pth {name} --out new": name
        for name in ("none.png", "folder", "empty", "text.csv", "colour.png")
    },
    "depth predict depth.pth grey.png grey.png --out new": "grey: two inputs",
    "depth predict depth.pth grey.png --out new --scale 1e9": "scale",
    "depth predict depth.pth grey.png --out new --preview-range 5 1": "range",
    "depth report none --out new": "expected an existing folder",
    "depth report folder --out new": "folder: ",
    "depth report work --out new": "work",
    **{
        f"depth convert-ms2 {name}": name
        for name in ("none.npy", "folder", "empty", "code.npy", "scene.tif")
    },
    **{
        f"depth teach --dataset {dataset} --model {model} --out new{more}": message
        for dataset, model, more, message in (
            ("Nothing", "true-depth", "", "Nothing"),
            (
                "TileDataset",
                "true-depth",
                " --dataset-options store=store",
                "TileDataset",
            ),
            ("FolderDepthDataset", "true-depth", "", "root"),
            (
                "FolderDepthDataset",
                "true-depth",
                " --dataset-options root=none",
                "none",
            ),
            (
                "FolderDepthDataset",
                "true-depth",
                " --dataset-options root=folder",
                "folder",
            ),
            (
                "MM5Dataset",
                "true-depth",
                " --dataset-options root=folder split=x",
                "split",
            ),
            ("MM5Dataset", "true-depth", " --dataset-options roots=folder", "roots"),
            ("MS2Dataset", "true-depth", " --dataset-options root=folder", "folder"),
        )
    },
    "scenes --out new --name ../escape": "--name: is '../escape'",
    "scenes --out new --name a/b": "--name: is 'a/b'",
    "scenes --out new --name ''": "--name: is ''",
}

#: What a config can't say, as --cfg-options have it.
KEYS = {
    "epoch_scale": ("0", "-1", "nan", "inf", "x", "None", "[1,2]"),
    "train_cfg.max_epochs": ("0", "-5", "x", "1.5", "None"),
    "train_cfg.val_interval": ("0", "-1", "x"),
    "train_cfg.type": ("EpochBasedTrainLop", "5"),
    "train_cfg.max_epoch": ("5",),
    "optim_wrapper.optimizer.lr": ("-1", "nan", "x", "None"),
    "optim_wrapper.optimizer.type": ("Adm", "5"),
    "optim_wrapper.optimizer.betas": ("5", "(2,3)"),
    "optim_wrapper.optimizer.learning_rate": ("1",),
    "train_dataloader.batch_size": ("0", "-1", "x", "1.5", "None"),
    "train_dataloader.num_workers": ("-1", "x", "0.5"),
    "train_dataloader.batchsize": ("4",),
    "train_dataloader.dataset.store": ("none", "empty", "folder", "5", "None", "work"),
    "train_dataloader.dataset.stor": ("store",),
    "train_dataloader.dataset.type": ("TileDatset", "DepthDataset"),
    "train_dataloader.dataset.pipeline": ("5", "x", "[]"),
    "train_dataloader.sampler.ratio": ("(0,0)", "(1,-1)", "x", "(1,2,3)"),
    "train_dataloader.sampler.positive_threshold": ("-1", "2", "nan", "x"),
    "train_dataloader.sampler.type": ("PositiveTileSmpler",),
    "val_dataloader.dataset.store": ("none", "store4"),
    "val_dataloader.batch_size": ("0", "x"),
    "model.type": ("BinarySegmenter", "None"),
    "model.backbone.type": ("UNet4", "5"),
    "model.backbone.in_channels": ("4", "0", "-3", "x"),
    "model.backbone.base_channels": ("0", "-2", "x", "1.5"),
    "model.backbone.base_chanels": ("4",),
    "model.backbone": ("5", "None"),
    "model.decode_head.channels": ("()", "5", "('targt',)"),
    "model.decode_head.head.in_channels": ("5", "0", "x"),
    "model.decode_head.head.in_index": ("9", "x"),
    "model.decode_head.loss.type": ("MaskedBCE", "DiceLos"),
    "model.decoder.threshold": ("-1", "2", "nan", "x"),
    "model.decoder.mode": ("onion", "5"),
    "model.data_preprocessor.mean": ("[1]", "x", "5"),
    "model.data_preprocessor.std": ("[0,0,0]", "[-1,1,1]"),
    "default_hooks.error_accumulation.begin": ("soon", "-1", "nan"),
    "default_hooks.error_accumulation.passes_per_epoch": ("0", "-1", "x", "1.5"),
    "default_hooks.error_accumulation.snapshots": ("x", "[0]", "[-1]", "5", "['a']"),
    "default_hooks.error_accumulation.counts": ("maybe", "5"),
    "default_hooks.error_accumulation.begun": ("5",),
    "default_hooks.checkpoint.interval": ("0", "x", "-2"),
    "default_hooks.checkpoint.max_keep_ckpts": ("x", "1.5"),
    "default_hooks.logger.interval": ("0", "-1", "x"),
    "default_hooks.history.stage": ("x", "0"),
    "default_hooks.histry.stage": ("1",),
    "randomness.seed": ("x", "-1", "1.5"),
    "randomness.sed": ("1",),
    "lineage.parent": ("none", "5"),
    "test_evaluator.type": ("BinarySegMetrc",),
    "val_evaluator.prefx": ("test",),
    "trian_cfg.max_epochs": ("5",),
    "log_level": ("LOUD",),
    "load_from": ("none.pth", "text.pth", "depth.pth", "folder"),
    "resume": ("x",),
    "env_cfg.mp_cfg.mp_start_method": ("spoon",),
}


def _keys() -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, values in KEYS.items():
        for value in values:
            line = f"train tiny.py --work-dir new --cfg-options {key}={value}"
            # The key or what holds it, or a value that names itself.
            words = (*key.split("."), f" {value}", f"'{value}'", "tiny.py: can't")
            yield shlex.join(shlex.split(line, posix=False)), words


CASES = [*_arguments(), *FILES.items(), *_keys()]


@pytest.fixture(scope="module")
def world(tmp_path_factory, make_store):
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return make_world(folder, make_store)


@pytest.mark.parametrize(("line", "message"), CASES, ids=[line for line, _ in CASES])
def test_it_is_refused_in_one_line(line, message, world, monkeypatch, capfd):
    monkeypatch.chdir(world)
    monkeypatch.setattr(sys, "argv", ["mmext", *shlex.split(line)])
    before = listing(world)
    # Loggers of earlier cases write to where those were captured.
    MMLogger._instance_dict.clear()
    try:
        with pytest.raises(SystemExit) as ended:
            main()
        after = listing(world)
    finally:
        tidy(world, before)
    said = [x for x in capfd.readouterr().err.splitlines() if x and not BAR.search(x)]
    assert ended.value.code == 2, said
    assert len(said) == 1 and said[0].startswith("error: "), said
    messages = (message,) if isinstance(message, str) else message
    assert any(text in said[0] for text in messages), said
    assert "Traceback" not in said[0], said
    changed = {name for name in after | before if after.get(name) != before.get(name)}
    assert not changed


@pytest.mark.parametrize(
    "line",
    [
        "-m mmext train none.py",
        "-m mmext predict work/tiny/epoch_4.pth scene.tif --out new --window x",
        "TOOLS/prepare_tiles.py none.tif --masks folder --out new",
        "TOOLS/train.py raises.py --work-dir new",
        "TOOLS/make_depth_scenes.py --out empty",
    ],
)
def test_it_is_so_for_a_user(line, world):
    before = listing(world)
    words = line.replace("TOOLS", str(ROOT / "tools")).split()
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=world,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    [said] = ended.stderr.splitlines()
    assert ended.returncode == 2 and said.startswith("error: ")
    assert ended.stdout == ""
    assert listing(world) == before


def test_there_are_enough():
    assert len(set(CASES)) == len(CASES) >= 300
