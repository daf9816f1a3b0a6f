"""`python -m palaver` is the same as the `palaver` command."""

from palaver.config.cli import main

raise SystemExit(main())
