"""Audiences from the command line: counted before they are saved, frozen for a campaign, exported to a channel."""
