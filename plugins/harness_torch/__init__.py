"""The torch library shelf: what in-repo model plugins share.

Light, for describing a model without torch: `source`, `weights`, `opening`, `config`,
`sentence_folder`, `chat` and `heads.labels`. What reads tokens (`tokenizers`) loads the
library of that name; the others load torch.

From a request to an answer: `abilities` (an adapter is a table of them), `packed` and
`cache` (attention without padding, over a batch or over what was read before), `scoring`,
`rolling`, `blanks`, `text_vectors`, `heads` and `generation` (what is made of hidden
states). For training: `trainable`, `training`, `schedule`, `meter`, `checkpoint`.
"""
