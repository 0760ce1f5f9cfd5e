"""A master on pymodbus: master.py PORT NODE REQUEST... makes the requests in order and prints a line for each.

A request is a function and numbers: `identify`, `inputs 0 4` (04), `contacts 0 9` (02), `holding 1024 1` (03), `coils 0 1` (01),
`write 1024 2` (06), `writes 512 1 2 3` (10), `coil 0 1` (05), `coils-on 0 2` (0F), `exchange READ COUNT WRITE VALUE...` (17).
Printed are the values, `ok`, `exception N`, or `silent`.
"""

import logging
import sys

from pymodbus import ModbusException
from pymodbus.client import ModbusSerialClient


def perform(client, node, function, numbers):
    first = numbers[0] if numbers else 0
    rest = numbers[1:]
    match function:
        case "identify":
            return client.read_device_information(read_code=1, object_id=0, device_id=node)
        case "inputs":
            return client.read_input_registers(first, count=rest[0], device_id=node)
        case "contacts":
            return client.read_discrete_inputs(first, count=rest[0], device_id=node)
        case "holding":
            return client.read_holding_registers(first, count=rest[0], device_id=node)
        case "coils":
            return client.read_coils(first, count=rest[0], device_id=node)
        case "write":
            return client.write_register(first, rest[0], device_id=node)
        case "writes":
            return client.write_registers(first, rest, device_id=node)
        case "coil":
            return client.write_coil(first, bool(rest[0]), device_id=node)
        case "coils-on":
            return client.write_coils(first, [True] * rest[0], device_id=node)
        case "exchange":
            return client.readwrite_registers(
                read_address=first, read_count=rest[0], write_address=rest[1], values=rest[2:], device_id=node
            )
    sys.exit(f"unknown request: {function}")


def words(function, numbers, answer):
    if answer.isError():
        return f"exception {answer.exception_code}"
    if function == "identify":
        return " ".join(text.decode() for _, text in sorted(answer.information.items()))
    if function in ("inputs", "holding", "exchange"):
        return " ".join(str(value) for value in answer.registers)
    if function in ("contacts", "coils"):
        # An answer is filled up to whole bytes.
        return " ".join(str(int(bit)) for bit in answer.bits[: numbers[1]])
    return "ok"


def main():
    # A missing answer is said on the standard output, in its place.
    logging.disable(logging.CRITICAL)
    port, node, requests = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    client = ModbusSerialClient(port, baudrate=19200, parity="N", stopbits=1, timeout=1, retries=0)
    if not client.connect():
        sys.exit(f"cannot open {port}")
    for request in requests:
        function, *arguments = request.split()
        numbers = [int(argument, 0) for argument in arguments]
        try:
            print(words(function, numbers, perform(client, node, function, numbers)), flush=True)
        except ModbusException:
            print("silent", flush=True)
    client.close()


main()
