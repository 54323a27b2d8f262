"""Filter expressions: text to tree, tree to a checked tree, and its meaning on a whole trace. Pure."""
