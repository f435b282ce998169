"""What kinds look like: schemas of API servers and of CustomResourceDefinitions, and the check of an object against them."""
