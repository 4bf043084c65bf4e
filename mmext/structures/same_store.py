"""What was made on a tile store belongs to no other."""

from mmext.errors import UserError


def refuse_other_store(
    where: str, found: str, expected: str, store: str = "the store at hand"
) -> None:
    """Refuse what was made on another tile store.

    Args:
        where: What was made: a checkpoint, an error bank.
        found: Fingerprint of the store that it was made on; empty if nobody knows.
        expected: Fingerprint of the store that it is to be used with.
        store: What that store is called.

    Raises:
        UserError: They differ.
    """
    if found != expected:
        raise UserError(
            f"{where}: made on tile store {found[:12] or 'unknown'}, expected one made "
            f"on {expected[:12]}, {store}"
        )
