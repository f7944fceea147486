"""The sample catalogue: pictures drawn, titles written and vectors computed by our own code."""
