"""The pages on which counsellors work: /console."""
