"""The SQuAD benchmark."""
