"""Any Hugging Face model, through transformers."""
