"""Git: resolve names to commits, read their files without a checkout, mirror remotes, publish commits."""
