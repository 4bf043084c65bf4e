"""By what a file that something was made of is known again."""

from dataclasses import dataclass

from mmext.checked import Finite, Index
from mmext.location import Location, local_path

from .remote import FileState, state_of

#: Why nothing is believed of a file whose server says too little.
MAY_HAVE_CHANGED = (
    "its server says neither ETag nor Last-Modified, so that it may have changed"
)


@dataclass(frozen=True)
class FileNote:
    """A file and its state.

    Attributes:
        file: Its path; of one elsewhere what may be shown of its address.
        bytes: Its size; None if its server doesn't say.
        changed: When it was last written, in seconds since 1970; None elsewhere.
        version: Of a file elsewhere its ETag, or else Last-Modified.
    """

    file: str
    bytes: Index | None
    changed: Finite | None
    version: str | None

    @classmethod
    def of(cls, place: Location) -> "FileNote":
        """The note that belongs to a file now.

        Raises:
            NoSuchFileError: There is no such file.
            UserError: Its server doesn't answer.
        """
        state, path = state_of(place), local_path(place)
        name = str(place if path is None else path.resolve())
        return cls(name, state.bytes, state.changed, state.version)

    @property
    def is_certain(self) -> bool:
        """Whether the file would have another note if it had changed."""
        return FileState(self.bytes, self.changed, self.version).is_known
