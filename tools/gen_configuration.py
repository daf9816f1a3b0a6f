"""Write `docs/reference/configuration.md` from the settings in `palaver.config.options`.

python tools/gen_configuration.py            write it
python tools/gen_configuration.py --check    exit 1 when it is out of date
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from palaver.config.options import OPTIONS, Option  # noqa: E402 - the tool runs without an installed package

TARGET = ROOT / "docs/reference/configuration.md"
HEAD = """# Configuration

Every setting of `palaver serve`. An option on the command line wins over its environment variable, which wins over
the default. `palaver manage` reads the environment only. An unknown `PALAVER_` variable or an impossible value stops
the start with exit code 2 and one line that names the setting. Settings without an option hold secrets, which do not
belong on a command line.

This page is written by `tools/gen_configuration.py`; change `src/palaver/config/options.py` instead.
"""


def page() -> str:
    """The whole reference."""
    return "\n".join([HEAD, *map(_section, OPTIONS)])


def _section(option: Option) -> str:
    title = option.flag or option.variable
    ways = [f"`{option.variable}`"] if option.flag else []
    if option.is_switch:
        ways.append("takes no value as an option, `yes` or `no` as a variable")
    if option.is_list:
        ways.append("may be repeated, or list several with commas")
    default = option.default_note or (f"`{option.default}`" if option.default is not None else "none")
    lines = [f"## `{title}`", "", option.help, ""]
    if ways:
        lines += [f"- Variable: {'; '.join(ways)}"]
    lines += [f"- Default: {default}", ""]
    return "\n".join(lines)


def main() -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")
    is_check = parser.parse_args().check
    text = page()
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    name = TARGET.relative_to(ROOT)
    if is_check:
        sys.stderr.write(f"{name} is out of date: run `python tools/gen_configuration.py`\n")
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text)
    sys.stdout.write(f"wrote {name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
