"""What the paper prints (Ahn et al. 2025, Table 2), and where it contradicts itself."""

#: Case → column → value as printed. Averages over epochs.
TABLE_2 = {
    "A100-200": dict(
        cfdr=0.0073,
        iou_1=0.61,
        iou_2=0.77,
        d_iou=0.16,
        fn_tp_1=0.38,
        fn_tp_2=0.19,
        d_fn_tp=0.19,
    ),
    "A100-250": dict(
        cfdr=0.0336,
        iou_1=0.62,
        iou_2=0.75,
        d_iou=0.13,
        fn_tp_1=0.38,
        fn_tp_2=0.07,
        d_fn_tp=0.31,
    ),
    "B100-250": dict(
        cfdr=0.0083,
        iou_1=0.62,
        iou_2=0.78,
        d_iou=0.16,
        fn_tp_1=0.37,
        fn_tp_2=0.16,
        d_fn_tp=0.31,
    ),
    "B100-300": dict(
        cfdr=0.0092,
        iou_1=0.63,
        iou_2=0.79,
        d_iou=0.16,
        fn_tp_1=0.37,
        fn_tp_2=0.14,
        d_fn_tp=0.23,
    ),
}

#: Where the paper contradicts itself: the cells (case, column) it touches and why.
CONTRADICTIONS: tuple[tuple[tuple[tuple[str, str], ...], str], ...] = (
    (
        (("B100-250", "d_fn_tp"),),
        "B_100-250: the table prints a Δ FN/TP of 0.31; 0.37 − 0.16 is 0.21.",
    ),
    (
        (("A100-250", "cfdr"),),
        "A_100-250: the text gives a CFDR of 0.32, the table 0.0336.",
    ),
    (
        (("B100-250", "iou_2"), ("B100-300", "iou_2")),
        "Best case: the text names B_100-250 in one place and B_100-300 in another.",
    ),
    (
        tuple((case, "d_iou") for case in TABLE_2),
        "Δ IoU: the abstract speaks of about 0.10, the table of 0.13 to 0.16.",
    ),
)


def marks(case: str) -> dict[str, str]:
    """Column → footnote number, for the cells of a case that are contradicted."""
    return {
        column: str(number)
        for number, (cells, _) in enumerate(CONTRADICTIONS, start=1)
        for cell_case, column in cells
        if cell_case == case
    }
