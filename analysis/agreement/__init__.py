"""How far annotators agree: coefficients, intervals, fused labels."""
