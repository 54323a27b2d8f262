"""The shop's services in Python, each a program: `python -m services.checkout`."""
