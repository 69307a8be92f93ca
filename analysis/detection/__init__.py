"""Faces found and named in one look: network, boxes, loss, decoding and scores of a detector."""
