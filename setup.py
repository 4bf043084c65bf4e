import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "mmext" / "__init__.py").read_text().splitlines()
    if line.startswith("__version__")
)

EXTRAS = {
    "test": [
        "pytest>=8",
        # 3.7: keeps the files' order.
        "pytest-xdist>=3.7",
        "hypothesis>=6.100",
        # 0.10: a Python version of its own for qgis/.
        "ruff>=0.10",
        "mypy>=1.13",
        "import-linter>=2.16",
        "bandit>=1.8",
        "pip-audit>=2.8",
        "mkdocs-material>=9.7",
        "mkdocstrings[python]>=1.0",
        # The tutorial's notebook. 7: as Markdown, with pictures as files.
        "nbconvert>=7",
        "ipykernel>=6.29",
        # Another program that reads the files of 'mmext export --to qgis' (AGPL: run by
        # tests, never imported by mmext). 0.9: reads all keys that are compared.
        "geodeep>=0.9",
        "safetensors>=0.4.3",
        "tensorboard>=2.14",
    ],
    # mmseg's encoders cover most needs; these bring the rest. They pull in
    # torchvision, which must match torch exactly: choose torch first.
    "smp": ["segmentation-models-pytorch>=0.4", "timm>=1.0"],
    # dynamo export needs onnxscript; the two runtimes compete for speed on CPU.
    "onnx": ["onnx>=1.16", "onnxscript>=0.1", "onnxruntime>=1.18"],
    "openvino": ["openvino>=2024.4"],
    # Models as folders. 0.4: loads what numpy 2 and torch 2.6 have.
    "share": ["safetensors>=0.4.3"],
    # 0.24: create_repo and upload_folder as they are called here.
    "hub": ["safetensors>=0.4.3", "huggingface_hub>=0.24"],
    # What tests check a model's STAC item with; they skip without it. 1.11: brings the
    # schemas of STAC 1.1 along. stac-model also wants a new pip.
    "stac": ["pystac>=1.11", "jsonschema>=4.18", "stac-model>=0.6"],
    # RGB depth teachers from a local transformers directory.
    "teacher": ["transformers>=4.45", "onnxruntime>=1.18"],
    # Encoders of the transformers library; it needs no torchvision for them.
    "transformers": ["transformers>=4.45"],
    # Maps by many machines.
    "cluster": ["distributed>=2025.1"],
    # Data sets. 0.5: INRIA has a validation split. It pulls in torchvision, which must
    # match torch exactly: choose torch first.
    "torchgeo": ["torchgeo>=0.5"],
    # Objects of many sheets as GeoParquet. 16: metadata that is known at the end.
    "parquet": ["pyarrow>=16"],
    "tensorboard": ["tensorboard>=2.14"],
}


_FOR_MIM = (
    "configs/**/*.py",
    "configs/**/metafile.yml",
    "model-index.yml",
    "tools/*.py",
)


class BuildWithConfigs(build_py):
    """Puts configs and tools where mim and mmengine look for them in a package."""

    def run(self):
        built = Path(self.build_lib, "mmext")
        if not self.editable_mode and built.exists():
            # Of an earlier build here: what was renamed since would come back.
            shutil.rmtree(built)
        super().run()
        if self.editable_mode:
            return  # mmext then finds them in the repository
        for pattern in _FOR_MIM:
            for path in sorted(ROOT.glob(pattern)):
                target = built / ".mim" / path.relative_to(ROOT)
                self.mkpath(str(target.parent))
                self.copy_file(str(path), str(target))


setup(
    name="mmext",
    version=VERSION,
    description="Error-aware segmentation of sparse targets, on MMSegmentation",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.10,<3.13",
    license="Apache-2.0",
    license_files=["LICENSE"],
    packages=find_packages(include=["mmext", "mmext.*"]),
    package_data={
        # PEP 561: the types are for whoever imports mmext, too.
        "mmext": ["py.typed"],
        "mmext.mapping.label_review": ["templates/*"],
        "mmext.reporting": ["templates/*", "*.mplstyle"],
        "mmext.viewing": ["static/*"],
    },
    cmdclass={"build_py": BuildWithConfigs},
    install_requires=[
        # 2.6: the first with torch.nn.utils.get_total_norm. (2.4 was the first whose
        # torch.load(weights_only=True) takes safe globals.)
        "torch>=2.6",
        # The maintained forks; upstream stopped in 2024 and no longer builds.
        # Exact, since hooks and heads build on their internals.
        "onedl-mmengine==0.10.12",
        "onedl-mmcv==2.3.6",
        "onedl-mmsegmentation==1.4.2",
        # 2.0: the C interface that the wheels of torch, rasterio and pyogrio share.
        "numpy>=2.0",
        # 1.13: built for numpy 2.
        "scipy>=1.13",
        # 2.2.2: built for numpy 2.
        "pandas>=2.2.2",
        # 1.4: GDAL 3.9 in the wheels, whose COG driver writes what we validate.
        "rasterio>=1.4",
        # 1.0: pyogrio is the default engine.
        "geopandas>=1.0",
        # 0.9: built for numpy 2.
        "pyogrio>=0.9",
        # 2.0.5: geometries as arrays, built for numpy 2.
        "shapely>=2.0.5",
        # 3.6.1: the first built for Python 3.12.
        "pyproj>=3.6.1",
        # 3.9: built for numpy 2.
        "matplotlib>=3.9",
        # 10.1: previews and thumbnails; the first built for Python 3.12.
        "Pillow>=10.1",
        # 4.10: thermal images and videos; built for numpy 2.
        "opencv-python>=4.10",
        # 3.1: pages and forms; torch brings it.
        "Jinja2>=3.1",
        # 4.66: bars that let a line be written above them.
        "tqdm>=4.66",
        # 2.9: dataclasses and TypedDicts whose refusals name every place.
        "pydantic>=2.9",
        # 5.4: commands by name, which are imported when they are called.
        "cyclopts>=5.4",
        # 4.12: dataclass_transform and TypedDict as pydantic wants them on 3.10.
        "typing_extensions>=4.12",
        # 3.22: its lock files name process and host.
        "filelock>=3.22",
    ],
    entry_points={"console_scripts": ["mmext = mmext.cli.app:main"]},
    extras_require=EXTRAS,
)
