"""The Shadow Dexterous Hand in MuJoCo: model, pictures under randomised conditions, poses, data sets and the environment."""
