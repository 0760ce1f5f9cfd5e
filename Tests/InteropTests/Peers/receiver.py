"""An alarm receiver on pysiaalarm: receiver.py PORT tcp|udp FILE [KEY] accepts account 1234 and writes every message to FILE.

A line for each: kind, sequence, SIA letters, event qualifier and code of Contact ID, zone, encrypted or clear.
"""

import sys
import threading

from pysiaalarm import CommunicationsProtocol, SIAAccount, SIAClient


def main():
    port, transport, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    key = sys.argv[4] if len(sys.argv) > 4 else None

    def received(event):
        words = [event.message_type.value, event.sequence, event.code, event.event_qualifier, event.event_type, event.ri, event.message]
        words.append("encrypted" if event.encrypted else "clear")
        with open(path, "a", encoding="ascii") as out:
            out.write(" ".join(str(word) for word in words) + "\n")

    protocol = CommunicationsProtocol.TCP if transport == "tcp" else CommunicationsProtocol.UDP
    # The usual window around its clock is left on: timestamps are checked.
    account = SIAAccount("1234", key=key)
    SIAClient("127.0.0.1", port, [account], received, protocol=protocol).start()
    with open(path, "a", encoding="ascii") as out:
        out.write("ready\n")
    threading.Event().wait()


main()
