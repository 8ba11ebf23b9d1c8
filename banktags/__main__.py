"""Where ``banktags`` begins: it can be told to end before its commands are read."""

from banktags.stopping import ending_with, listening


def main() -> None:
    """Run the command that the command line names."""
    with ending_with(), listening():
        from banktags.cli import app

        app()


if __name__ == "__main__":
    main()
