"""``mmext study``."""

from mmext.checked import Count
from mmext.cli.arguments import ConfigFile, Device, OutputFolder
from mmext.inference.device import running_on


def study(
    study: ConfigFile,
    /,
    *,
    out: OutputFolder,
    jobs: Count = 1,
    device: Device | None = None,
    no_train: bool = False,
) -> None:
    r"""Train and compare many configs with several seeds on one tile store.

    What is finished is skipped and what was begun goes on, so after a kill the same
    command is given again. Studies of one store may share --out, and with it their
    trainings. Its results/STUDY holds study.html, figures and tables.

        mmext study mmext::studies/dead_trees.py \
            --out work_dirs/studies/dead_trees --jobs 2

    Args:
        study: The study's file, or mmext::studies/NAME.
        out: Where results go, a folder.
        jobs: How many at once: trainings, then predictions of their stores.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        no_train: Only score what is trained.
    """
    from mmext.study.run_study import results_folder, run_study
    from mmext.study.study_file import read_study

    content = read_study(study)
    with running_on(device):
        run_study(content, out, jobs, not no_train, device)
    print(f"{results_folder(content, out) / 'study.html'}: written")
