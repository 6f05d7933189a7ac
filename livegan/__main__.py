"""`python -m livegan` is `livegan`."""

from livegan.cli import main

main()
