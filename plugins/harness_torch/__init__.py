"""The torch library shelf: what in-repo model plugins share.

`source`, `weights`, `heads`, `config`, `opening` and `chat` are light: they import no
torch and may be used while a model is described. What reads tokens loads the `tokenizers`
library; the others load torch.
"""
