"""python-escpos as the reader of a printer's status: escpos_status.py PORT [FILE] prints "online paper"; with FILE it prints a slip, too.

PORT is a TCP port of this machine, or the path of a serial port. FILE holds a slip's bytes in hexadecimal.
"""

import sys

from escpos.printer import Network, Serial

port = sys.argv[1]
printer = Serial(port, timeout=1) if port.startswith("/") else Network("127.0.0.1", int(port), timeout=10)
if len(sys.argv) > 2:
    with open(sys.argv[2], encoding="ascii") as slip:
        printer._raw(bytes.fromhex(slip.read()))
print("online" if printer.is_online() else "offline", printer.paper_status())
printer.close()
