"""Bootstrap: a repository that gitctl can work with, from nothing or from what is there; a second run changes nothing."""
