"""What the paper prints (Ahn et al. 2025, Table 2)."""

#: Case → column → value. Averages over epochs.
TABLE_2 = {
    "A100-200": dict(cfdr=0.0073, iou_1=0.61, iou_2=0.77, fn_tp_1=0.38, fn_tp_2=0.19),
    "A100-250": dict(cfdr=0.0336, iou_1=0.62, iou_2=0.75, fn_tp_1=0.38, fn_tp_2=0.07),
    "B100-250": dict(cfdr=0.0083, iou_1=0.62, iou_2=0.78, fn_tp_1=0.37, fn_tp_2=0.16),
    "B100-300": dict(cfdr=0.0092, iou_1=0.63, iou_2=0.79, fn_tp_1=0.37, fn_tp_2=0.14),
}

#: Where the paper contradicts itself.
CONTRADICTIONS = (
    "B_100-250: the table prints a Δ FN/TP of 0.31; 0.37 − 0.16 is 0.21.",
    "A_100-250: the text gives a CFDR of 0.32, the table 0.0336.",
    "Best case: the text names B_100-250 in one place and B_100-300 in another.",
)
