"""The seeds as files: whether each can be read, and whether what it says can be meant; asked before dbt reads any."""
