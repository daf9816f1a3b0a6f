"""What `palaver serve` says when ready: one address, others as QR codes, and the first administrator's link."""

import io
from dataclasses import dataclass

import segno


@dataclass(frozen=True, slots=True)
class Greeting:
    """What there is to say."""

    address: str
    other_addresses: tuple[str, ...]
    is_reachable: bool
    """Whether phones can use it: https, or behind a public address."""
    trust_path: str | None
    """Path of the page that says how to trust a certificate of our own, if there is one."""
    fingerprint: str | None
    """SHA-256 of that certificate's authority: what people compare, as the page may have been changed on its way."""
    setup_path: str | None
    """Path of the one-time link while there is no administrator."""


def greeting_text(greeting: Greeting, *, with_codes: bool) -> str:
    """The lines to print. QR codes only where they are seen, on a terminal."""
    lines = ["", f"  Palaver is ready. Open  {greeting.address}/", ""]
    if greeting.setup_path is not None:
        lines += [
            "  There is no administrator yet. This link makes one; it works once:",
            f"  {greeting.address}{greeting.setup_path}",
            "",
        ]
    if greeting.other_addresses:
        lines.append("  On other devices in this network:")
        lines += [f"  {address}/" for address in greeting.other_addresses]
        lines.append("")
        if not greeting.is_reachable:
            lines += ["  Browsers give camera and microphone only to https: see --tls-self-signed.", ""]
    if greeting.trust_path is not None:
        lines += [
            "  Devices trust this server's certificate only after somebody tells them to, once. How:",
            f"  {(greeting.other_addresses or (greeting.address,))[0]}{greeting.trust_path}",
            "",
        ]
    if greeting.fingerprint is not None:
        # Broken as the page breaks it: eight pairs a line.
        rows = [greeting.fingerprint[start : start + 24] for start in range(0, len(greeting.fingerprint), 24)]
        lines += ["  The page must show this fingerprint (SHA-256):", *(f"  {row}" for row in rows), ""]
    if greeting.is_reachable and with_codes:
        target = greeting.other_addresses[0] if greeting.other_addresses else greeting.address
        lines += [f"  {target}/", _qr_code(f"{target}/")]
    return "\n".join(lines)


def _qr_code(text: str) -> str:
    out = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
