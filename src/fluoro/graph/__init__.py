"""Nodes, edges and histograms: of one trace from its spans, of a window from rows. Pure."""
