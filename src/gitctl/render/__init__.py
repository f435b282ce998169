"""Stage ②: a folder of a revision → objects in normal form. Renderers see placeholders; plaintext is put in afterwards, in memory."""
