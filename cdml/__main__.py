"""`python -m cdml` is the same program as `cdml`."""

from cdml.cli.main import main

if __name__ == "__main__":
    main()
