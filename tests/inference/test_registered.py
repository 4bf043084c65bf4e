import sys

import pytest

from mmext.errors import UserError
from mmext.inference.registered import refuse_unregistered
from mmext.registry import MODELS, TASK_UTILS


def test_components_of_the_three_libraries_are_known():
    refuse_unregistered(
        dict(
            type="BinarySegmentor",
            head=[dict(type="mmseg.FCNHead", norm_cfg=dict(type="BN"))],
            sampler=dict(type="OHEMPixelSampler"),
            act_cfg=dict(type="mmengine.ReLU"),
        ),
        (MODELS, TASK_UTILS),
        "model",
    )


@pytest.mark.parametrize("name", ["os.system", "antigravity.x", "x", "mmext.x", 3])
def test_names_that_would_be_imported_are_refused(name):
    value = dict(type="BinarySegmentor", neck=[dict(a=dict(type=name))])
    with pytest.raises(UserError, match=r"model.neck\[0\].a.type: is"):
        refuse_unregistered(value, (MODELS,), "model")
    assert "antigravity" not in sys.modules
