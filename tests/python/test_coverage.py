"""Coverage: what a source that was never delivered, or extracts that begin late, leave unknown, on whole small banks."""
