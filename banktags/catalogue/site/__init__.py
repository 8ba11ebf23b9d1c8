"""The catalogue site (标签超市): dbt's docs page as one file, with an entry for each tag."""
