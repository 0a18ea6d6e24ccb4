"""Writes the certificates of Mozilla's certdata.txt that it trusts for servers, as PEM.

The file is a list of objects, each a few lines `NAME TYPE VALUE`; a value of the type MULTILINE_OCTAL is the lines that
follow, bytes as \\ooo, up to END. Trust is an object of its own: it means the certificate with its issuer and serial number.
"""

import base64
import re
import sys
import textwrap


def objects(lines):
    """Each object as a dict of its attributes: text, or bytes for MULTILINE_OCTAL."""
    found = []
    for line in lines:
        name, _, rest = line.strip().partition(" ")
        if not name.startswith("CKA_"):
            continue
        kind, _, value = rest.partition(" ")
        if kind == "MULTILINE_OCTAL":
            text = "".join(iter(lambda: next(lines).strip(), "END"))
            value = bytes(int(byte, 8) for byte in re.findall(r"\\([0-7]{3})", text))
        if name == "CKA_CLASS":
            found.append({})
        found[-1][name] = value
    return found


def main(path):
    with open(path, encoding="utf-8") as file:
        everything = objects(iter(file))
    key = lambda one: (one["CKA_ISSUER"], one["CKA_SERIAL_NUMBER"])
    trusted = {
        key(one)
        for one in everything
        if one["CKA_CLASS"] == "CKO_NSS_TRUST"
        and one.get("CKA_TRUST_SERVER_AUTH") == "CKT_NSS_TRUSTED_DELEGATOR"
    }
    for one in everything:
        # Of an authority whose new certificates are no longer trusted, a bundle cannot say so: it is left out.
        distrusted = isinstance(one.get("CKA_NSS_SERVER_DISTRUST_AFTER"), bytes)
        if one["CKA_CLASS"] == "CKO_CERTIFICATE" and key(one) in trusted and not distrusted:
            text = base64.b64encode(one["CKA_VALUE"]).decode()
            lines = "\n".join(textwrap.wrap(text, 64))
            label = one["CKA_LABEL"].strip('"')
            print(f"# {label}\n-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")


main(sys.argv[1])
