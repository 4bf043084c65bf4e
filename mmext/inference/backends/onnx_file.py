"""Reading an ONNX file that anyone may have written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from typing_extensions import NotRequired, TypedDict

from mmext.checked import (
    Count,
    FileName,
    Finite,
    Index,
    Positive,
    Share,
    parse_json,
    settings,
)
from mmext.errors import UserError, one_line
from mmext.inference.correctness import Correctness
from mmext.models.decoders.union_decoder import Growth, Mode

#: Key of the description in the file's metadata.
METADATA = "mmext"
#: Protobuf's own limit; a file of a network of ours has some megabytes.
_MAX_BYTES = (1 << 31) - 1
_MAX_DESCRIPTION = 1 << 20
#: ONNX's number for a tensor whose values lie in another file.
_EXTERNAL = 1
_STANDARD_DOMAINS = {"", "ai.onnx"}


class DecoderRecord(TypedDict):
    """The arguments of a ``UnionDecoder``."""

    mode: Mode
    threshold: Share | dict[str, Share]
    confident: Share
    # Files of earlier versions don't speak of it.
    grow: NotRequired[Growth]


class TrainingStore(TypedDict):
    """What mapping needs to know of the store that a network was trained on."""

    # It has more that mapping doesn't need.
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    band_indexes: Annotated[list[Count], Field(min_length=1, max_length=4096)]
    dtype: Literal["uint8", "uint16", "float32"]
    bands: NotRequired[list[str]]
    mean: NotRequired[list[Finite]]
    std: NotRequired[list[Finite]]
    colours: NotRequired[list[str]]
    nodata: NotRequired[float | None]
    nodata_rule: NotRequired[float | Literal["auto"] | None]
    pixel_size_m: NotRequired[Positive | None]
    scales: NotRequired[list[list[Finite]]]


@settings
class Calibration:
    """On what a network's 8-bit integers were calibrated.

    Attributes:
        fingerprint: Of the tile store.
        tiles: How many of its tiles.
        seed: Of their choice.
    """

    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    tiles: Count
    seed: Index

    def __str__(self) -> str:
        store = self.fingerprint[:12]
        return f"int8 ({self.tiles} tiles of {store}, seed {self.seed})"


@settings
class TiledForm:
    """A file that plugins feed and read, which cut scenes into tiles themselves.

    Its input is declared as one tile in 0–1, its output as two classes of which the
    higher one counts. The graph takes any size.

    Attributes:
        side: Of a tile, in pixels.
        left_out: What the checkpoint decides by beside single pixels, which this file
            can't say; empty if nothing.
    """

    side: Count
    left_out: str


@settings
class ExportedModel:
    """What a file says of itself, beside its graph.

    Attributes:
        format: Of this description.
        channels: Names of the channels it predicts.
        decoder: How one mask is made of them.
        reach: How many pixels away a prediction looks; None if unknown.
        multiple: Side of the network's pooling grid.
        store: What is known of the training store.
        checkpoint: Name of the checkpoint.
        sha256: Its hash.
        calibration: Of a network in 8-bit integers; None of one in float32.
        tiled: Of a file for plugins; None of one that takes raw values and gives the
            channels' probabilities.
        correctness: How likely an object is correct; None if nobody fitted that.
    """

    format: Literal[1]
    channels: Annotated[list[str], Field(min_length=1)]
    decoder: DecoderRecord
    reach: Index | None
    multiple: Annotated[int, Field(ge=1, le=4096)]
    store: TrainingStore
    checkpoint: FileName
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    calibration: Calibration | None = None
    tiled: TiledForm | None = None
    correctness: Correctness | None = None


def read_onnx(path: Path) -> tuple[bytes, ExportedModel]:
    """Read a file, as data.

    Args:
        path: The ``.onnx`` file.

    Returns:
        The whole file, and what it says of itself.

    Raises:
        UserError: It is missing, damaged or absurdly large, was not written by
            ``mmext export``, or names other files or operators that aren't ONNX's own.
    """
    import onnx

    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise UserError(f"{path}: {size} bytes, expected at most {_MAX_BYTES}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such model") from None
    except OSError as error:
        raise UserError(f"{path}: can't be read ({one_line(error)})") from None
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf's own exception, by any name
        raise UserError(f"{path}: not an ONNX model ({one_line(error)})") from None
    texts = [entry.value for entry in model.metadata_props if entry.key == METADATA]
    if len(texts) != 1:
        raise UserError(f"{path}: was not written by 'mmext export'")
    if len(texts[0]) > _MAX_DESCRIPTION:
        raise UserError(
            f"{path}: metadata of {len(texts[0])} characters, expected at most "
            f"{_MAX_DESCRIPTION}"
        )
    for message in _messages(model):
        _refuse_foreign(message, path)
    return content, parse_json(texts[0], ExportedModel, f"{path}: metadata")


def of_any_size(content: bytes) -> bytes:
    """A file whose input and output are declared without sizes.

    Args:
        content: The file, see :class:`TiledForm`.
    """
    import onnx

    model = onnx.ModelProto.FromString(content)
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            dim.Clear()
    return model.SerializeToString()


def _messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all inside it, however deep."""
    waiting = [message]
    while waiting:
        current = waiting.pop()
        yield current
        for field, value in current.ListFields():
            if field.message_type is not None:
                repeated = hasattr(value, "__len__")
                waiting.extend(value if repeated else [value])


def _refuse_foreign(message: Any, path: Path) -> None:
    kind = message.DESCRIPTOR.name
    if kind == "TensorProto" and (
        message.external_data or message.data_location == _EXTERNAL
    ):
        places = [entry.value for entry in message.external_data]
        raise UserError(
            f"{path}: has values in another file ({', '.join(places)[:80]!r}), "
            "expected all in one"
        )
    if kind == "NodeProto" and message.domain not in _STANDARD_DOMAINS:
        raise UserError(
            f"{path}: uses the operator {message.domain}.{message.op_type}, expected "
            "only ONNX's own"
        )
