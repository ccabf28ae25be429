"""Large decoders on a GPU through vLLM, in this process. Never run against vLLM itself.

It is written from vLLM's documentation and source (`vllm/sampling_params.py`,
`vllm/outputs.py`, 2026): what it asks and what it reads is tested with objects of the
documented shape.
"""
