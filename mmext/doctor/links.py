"""A config with the trainings that it grows from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmext.engine.build_config import load_config
from mmext.engine.epoch_scale import all_hooks
from mmext.engine.lineage import find_parents
from mmext.engine.lineage_options import own_options, parent_options
from mmext.engine.scored_set import refuse_other_scores
from mmext.engine.work_dir import checkpoint_path


@dataclass(frozen=True)
class Link:
    """One training of a lineage.

    Attributes:
        config_path: Its config file.
        config: The config, epochs scaled.
        work_dir: Where its files go.
        start: Epochs that its parent has done for it.
        needed: A file of it that the next link needs; None for the last.
    """

    config_path: Path
    config: Config
    work_dir: Path
    start: int
    needed: Path | None

    @property
    def epochs(self) -> int:
        """The epochs that it trains itself."""
        return int(self.config.train_cfg.max_epochs) - self.start

    @property
    def is_there(self) -> bool:
        """Whether what the others need of it, or its last checkpoint, exists."""
        last = checkpoint_path(self.work_dir, int(self.config.train_cfg.max_epochs))
        return (self.needed or last).is_file()


def find_links(
    config_path: Path,
    work_dir: Path,
    options: dict[str, Any] | None,
    needed: Path | None = None,
) -> list[Link]:
    """A config and its parents, the first to train first, each once.

    Raises:
        UserError: A config or the lineage is wrong.
    """
    own = own_options(config_path, options, say=False)
    config = load_config(config_path, own)
    refuse_other_scores(config)
    links: list[Link] = []
    start = 0
    for parent in find_parents(config, config_path, work_dir):
        file = parent.snapshot if parent.use == "bank" else parent.checkpoint
        start = 0 if parent.use == "bank" else parent.epoch
        given = parent_options(config_path, parent.config_path, options)
        above = find_links(parent.config_path, parent.work_dir, given, file)
        known = {link.work_dir for link in links}
        links += [link for link in above if link.work_dir not in known]
    return [*links, Link(config_path, config, work_dir, start, needed)]


def find_hook(config: Config, name: str) -> dict[str, Any] | None:
    """The config of the hook whose class has that name; None without one."""
    for hook in all_hooks(config):
        if str(hook.get("type")).rpartition(".")[2] == name:
            return hook
    return None
