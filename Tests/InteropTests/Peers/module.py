"""An input/output module on pymodbus: module.py PORT FILE serves 16 inputs and coils at node 20, as module.c does with libmodbus.

Input 1 closes at the 30th poll of the inputs and opens at the 60th; every change of coil 1 is written to FILE.
"""

import asyncio
import sys

from pymodbus.server import StartAsyncSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice


class Module:
    def __init__(self, file):
        self.file = file
        self.polls = 0
        self.coil = None

    async def asked(self, function, start, address, count, registers, values):
        """Called by pymodbus before it reads a table or writes to one; each register holds 16 bits, the lowest first."""
        if function == 2:
            self.polls += 1
            registers[0] = int(30 <= self.polls < 60)
        elif values:
            self.note(values[0])

    def note(self, coil):
        if coil != self.coil:
            self.coil = coil
            with open(self.file, "a", encoding="ascii") as out:
                out.write(f"coil {int(coil)}\n")


def block(datatype, count):
    values = [False] * count if datatype is DataType.BITS else 0
    return [SimData(0, values=values, datatype=datatype)]


async def main():
    module = Module(sys.argv[2])
    tables = (block(DataType.BITS, 16), block(DataType.BITS, 16), block(DataType.REGISTERS, 1), block(DataType.REGISTERS, 1))
    device = SimDevice(id=20, simdata=tables, action=module.asked)
    await StartAsyncSerialServer(device, port=sys.argv[1], baudrate=19200, parity="N", stopbits=1)


asyncio.run(main())
