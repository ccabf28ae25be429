"""The CodeXGLUE benchmark."""
