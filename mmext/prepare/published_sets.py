"""Public data sets as their publishers pack them: folders, names, classes, splits.

All that mmext knows of them; ``docs/datasets/`` says the same in words, which tests
compare. Light, so that a command line can be read without rasterio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Files:
    """Where a split's files lie, below the set's folder.

    Attributes:
        images: Glob of the images.
        labels: Regular expression and replacement that make a label's path of its
            image's, with forward slashes, below the set's folder.
        names: Regular expression that an image's name without suffix matches as a
            whole; empty means any.
        listed: Text file that names the split's images, a line each, with or without
            suffix; empty means all.
    """

    images: str
    labels: tuple[str, str]
    names: str = ""
    listed: str = ""


@dataclass(frozen=True)
class PublishedSet:
    """A public data set.

    Attributes:
        title: What it is called.
        address: Its publisher's page.
        licence: Under what terms it is published, as far as that was found.
        pixel: The ground size of a pixel, in words.
        score: What its publisher scores, in words.
        classes: Values in its labels, by class; the first is the target unless a user
            says otherwise.
        background: Values that are no class of interest.
        splits: Where the files of each split with labels lie, in the ways in which the
            set is packed.
        images: How many images each split has.
        unlabelled: Its splits whose labels are not published.
        ignored: Values of pixels that nobody labelled.
        label_band: The band of the labels that holds the values; None where all do.
        blank: Value of pixels that show nothing, by split.
        folders: Where the files may lie below the folder that a user names.
        by_pixel: Whether its images lie in several coordinate systems.
        hint: What to do if its files aren't found.
    """

    title: str
    address: str
    licence: str
    pixel: str
    score: str
    classes: Mapping[str, int]
    background: tuple[int, ...]
    splits: Mapping[str, tuple[Files, ...]]
    images: Mapping[str, int]
    unlabelled: tuple[str, ...] = ()
    ignored: tuple[int, ...] = ()
    label_band: int | None = None
    blank: Mapping[str, float] = field(default_factory=dict)
    folders: tuple[str, ...] = (".",)
    by_pixel: bool = False
    hint: str = ""

    @property
    def target(self) -> str:
        """The class that is the target unless a user says otherwise."""
        return next(iter(self.classes))

    @property
    def values(self) -> set[int]:
        """All values that its labels may hold."""
        return {*self.classes.values(), *self.background, *self.ignored}


def _massachusetts(split: str, published: str) -> tuple[Files, ...]:
    """As its publisher's site has it, and as it is passed on at Kaggle."""
    return (
        Files(f"{published}/sat/*.tif*", (r"/sat/(.*)\.tiff?$", r"/map/\1.tif")),
        Files(f"{split}/*.tif*", (r"^(\w+)/(.*)\.tiff?$", r"\1_labels/\2.tif")),
    )


_MASSACHUSETTS = {
    "train": _massachusetts("train", "train"),
    "val": _massachusetts("val", "valid"),
    "test": _massachusetts("test", "test"),
}

SETS = {
    "inria": PublishedSet(
        title="INRIA Aerial Image Labeling",
        address="https://project.inria.fr/aerialimagelabeling/",
        licence="not stated where mmext's authors could look; see its page",
        pixel="0.3 m",
        score="IoU of the buildings and accuracy, of each city and of all",
        classes={"building": 255},
        background=(0,),
        # The first five images of each city validate.
        splits={
            "train": (
                Files(
                    "train/images/*.tif",
                    ("/images/", "/gt/"),
                    names=r".*\D([6-9]|[1-9]\d+)",
                ),
            ),
            "val": (
                Files("train/images/*.tif", ("/images/", "/gt/"), names=r".*\D[1-5]"),
            ),
        },
        images={"train": 155, "val": 25},
        unlabelled=("test",),
        folders=(".", "AerialImageDataset"),
        by_pixel=True,
    ),
    "massachusetts_buildings": PublishedSet(
        title="Massachusetts Buildings",
        address="https://www.cs.toronto.edu/~vmnih/data/",
        licence="not stated by its publisher",
        pixel="1 m",
        score="precision and recall with a slack of 3 pixels, where they are equal",
        classes={"building": 255},
        background=(0,),
        splits=_MASSACHUSETTS,
        images={"train": 137, "val": 4, "test": 10},
        # Red on black, or white on black.
        label_band=1,
        folders=(".", "tiff"),
        by_pixel=True,
    ),
    "massachusetts_roads": PublishedSet(
        title="Massachusetts Roads",
        address="https://www.cs.toronto.edu/~vmnih/data/",
        licence="not stated by its publisher",
        pixel="1 m",
        score="precision and recall with a slack of 3 pixels, where they are equal",
        classes={"road": 255},
        background=(0,),
        splits=_MASSACHUSETTS,
        images={"train": 1108, "val": 14, "test": 49},
        label_band=1,
        # Parts of training images are white, and their labels go on.
        blank={"train": 255.0},
        folders=(".", "tiff"),
        by_pixel=True,
    ),
    "landcover_ai": PublishedSet(
        title="LandCover.ai",
        address="https://landcover.ai.linuxpolska.com/",
        licence="CC BY-NC-SA 4.0",
        pixel="0.25 m and 0.5 m",
        score="mean IoU of background and four classes",
        classes={"building": 1, "woodland": 2, "water": 3, "road": 4},
        background=(0,),
        splits={
            split: (
                Files("output/*.jpg", (r"\.jpg$", "_m.png"), listed=f"{split}.txt"),
            )
            for split in ("train", "val", "test")
        },
        images={"train": 7470, "val": 1602, "test": 1602},
        folders=(".", "landcover.ai.v1"),
        hint="its own split.py, run in that folder, makes output/",
    ),
    "loveda": PublishedSet(
        title="LoveDA",
        address="https://doi.org/10.5281/zenodo.5706578",
        licence="CC BY-NC-SA 4.0, academic use only",
        pixel="0.3 m",
        score="mean IoU of seven classes, by its server",
        classes={
            "building": 2,
            "road": 3,
            "water": 4,
            "barren": 5,
            "forest": 6,
            "agriculture": 7,
        },
        background=(1,),
        splits={
            name.lower(): (
                Files(f"{name}/*/images_png/*.png", ("/images_png/", "/masks_png/")),
            )
            for name in ("Train", "Val")
        },
        images={"train": 2522, "val": 1669},
        unlabelled=("test",),
        ignored=(0,),
    ),
    "openearthmap": PublishedSet(
        title="OpenEarthMap",
        address="https://open-earth-map.org/",
        licence="as each source's images; where none is stated, CC BY-NC-SA 4.0",
        pixel="0.25 to 0.5 m",
        score="mean IoU of eight classes, by its server",
        classes={
            "building": 8,
            "bareland": 1,
            "grass": 2,
            "pavement": 3,
            "road": 4,
            "tree": 5,
            "water": 6,
            "cropland": 7,
        },
        background=(),
        splits={
            split: (
                Files(
                    "*/images/*.tif", ("/images/", "/labels/"), listed=f"{split}.txt"
                ),
            )
            for split in ("train", "val")
        },
        images={"train": 3000, "val": 500},
        unlabelled=("test",),
        ignored=(0,),
        folders=(".", "OpenEarthMap_wo_xBD", "OpenEarthMap/OpenEarthMap_wo_xBD"),
        by_pixel=True,
        hint="images from xBD come from xview2.org, and OpenEarthMap's own "
        "compile_xbd.py puts them in their places",
    ),
}
