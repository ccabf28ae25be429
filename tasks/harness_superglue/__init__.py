"""The SuperGLUE benchmark."""
