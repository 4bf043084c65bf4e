"""What a pixel's number means: masks of labels and of errors, probabilities."""

#: In both: unknown, left out of losses and scores. Labels are 1 where the target is and
#: 0 elsewhere.
IGNORE = 255
#: Errors are 0 where a pixel was never wrong.
WAS_FN, WAS_FP = 1, 2

#: Stored value of a probability of 1, where a byte holds it.
PROBABILITY_STEPS = 250
