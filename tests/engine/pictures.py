"""Pictures that hooks hand to a visualizer, cut into their panels."""

GAP = 2


def panels(picture, rows, columns):
    """A picture cut at its white gaps."""
    height = (len(picture) - GAP * (rows - 1)) // rows
    width = (picture.shape[1] - GAP * (columns - 1)) // columns
    return [
        [
            picture[
                (height + GAP) * row : (height + GAP) * row + height,
                (width + GAP) * column : (width + GAP) * column + width,
            ]
            for column in range(columns)
        ]
        for row in range(rows)
    ]


class Shown:
    def __init__(self):
        self.pictures = {}

    def add_image(self, name, image, step):
        self.pictures[name, step] = image
