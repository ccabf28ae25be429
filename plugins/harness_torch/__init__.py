"""The torch library shelf: what in-repo model plugins share.

`source`, `weights` and `heads` are light: they import no torch and may be used while a
model is described. The others load torch.
"""
