import torch
from mmengine.model import BaseModel
from torch import nn

from mmext.doctor.measure import count_operations


class Known(BaseModel):
    """A convolution, one in groups, and a product of matrices."""

    def __init__(self):
        super().__init__()
        self.whole = nn.Conv2d(3, 8, 3, padding=1)
        self.groups = nn.Conv2d(8, 8, 3, padding=1, stride=2, groups=4)
        self.last = nn.Linear(8, 2)

    def forward(self, inputs, mode="tensor"):
        maps = self.groups(self.whole(inputs))
        return self.last(maps.flatten(2).transpose(1, 2))


def test_every_addition_and_multiplication_counts():
    model = Known().eval()
    with torch.inference_mode():
        counted = count_operations(model, {"inputs": torch.zeros(1, 3, 10, 12)})
    whole = 2 * (10 * 12) * 8 * (3 * 9)
    groups = 2 * (5 * 6) * 8 * (2 * 9)
    last = 2 * (5 * 6) * 8 * 2
    assert counted == whole + groups + last
