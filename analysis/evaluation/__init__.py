"""Evaluation: splits, guards, folds, stored predictions, and every number made of them."""
