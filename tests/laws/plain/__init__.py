"""What every step should give, written again: whole clips, float64, numpy and scipy, no window and no kernel of vidsr.

`tests/laws/rows.py` puts each beside its step. Slow and plain on purpose; constants that were chosen (thresholds, sigmas)
are taken from vidsr, formulas are not.
"""
