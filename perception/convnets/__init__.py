"""What small convolutional networks that train and run on a CPU share: blocks, training state, and weights that ship."""
