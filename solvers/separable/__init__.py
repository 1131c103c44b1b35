"""Separable classification: margins, perceptrons, the numerical edge of softmax, erasure and plug-in rules."""
