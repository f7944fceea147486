"""Documents in and out of a dataset: one class for each thing that people do with them."""
