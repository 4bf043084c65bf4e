"""``mmext export``."""

from mmext.cli.arguments import ExistingFile, OutputFile


def export(checkpoint: ExistingFile, /, *, out: OutputFile) -> None:
    r"""Export a checkpoint to one ONNX file that maps scenes by itself.

    The file takes batches of any number, and windows of any size that is a multiple of
    the network's pooling grid. It is compared with torch when it is written.

        mmext export work_dirs/demo/stage2_A100-200/epoch_32.pth --out model.onnx
        mmext predict model.onnx ortho.tif --out map --backend onnxruntime

    Args:
        checkpoint: Checkpoint, epoch_N.pth.
        out: Where results go, an .onnx file.
    """
    from mmext.inference.backends import export_onnx
    from mmext.inference.checkpoint import load_model

    difference = export_onnx(load_model(checkpoint), out)
    print(f"{out}: differs from torch by at most {difference:.2g}")
