"""A PJLink controller on aiopjlink: projector.py PORT PASSWORD REQUEST... makes the requests in order and prints a line for each.

Requests: `power`, `on`, `off`, `input`, `input 32`, `inputs`, `errors`, `lamp`, `class`; of class 2 `resolution`, `name 31`, `serial`,
`software`, `filter`, `freeze`, `freeze 1`, `louder`, `input2 3A`. PASSWORD `-`: none.
"""

import asyncio
import sys

from aiopjlink import PJClass, PJLink, PJLinkException


async def perform(link, function, numbers):
    match function:
        case "power":
            return (await link.power.get()).name
        case "on":
            await link.power.turn_on()
            return "ok"
        case "off":
            await link.power.turn_off()
            return "ok"
        case "input" if numbers:
            await link.sources.set(numbers[0][0], numbers[0][1])
            return "ok"
        case "input":
            mode, index = await link.sources.get()
            return mode.value + index
        case "inputs":
            return " ".join(mode.value + index for mode, index in await link.sources.available())
        case "errors":
            return " ".join(sorted(str(level.value) for level in (await link.errors.query()).values()))
        case "lamp":
            return str(await link.lamps.hours())
        case "class":
            return (await link.info.pjlink_class()).value
        case "resolution":
            return "x".join(str(size) for size in await link.sources.resolution())
        case "name":
            return await link.sources.get_source_name(numbers[0][0], numbers[0][1])
        case "serial":
            return await link.info.serial_number()
        case "software":
            return await link.info.software_version()
        case "filter":
            return str(await link.filter.hours())
        case "freeze" if numbers:
            await link.freeze.set(numbers[0] == "1")
            return "ok"
        case "freeze":
            return "frozen" if await link.freeze.get() else "moving"
        case "louder":
            await link.speaker.turn_up()
            return "ok"
        case "input2":
            await link.sources.set(numbers[0][0], numbers[0][1], pjclass=PJClass.TWO)
            return "ok"
    raise SystemExit(f"no such request: {function}")


async def main(port, password, requests):
    try:
        async with PJLink(address="127.0.0.1", port=int(port), password=None if password == "-" else password) as link:
            for request in requests:
                function, *numbers = request.split(" ")
                try:
                    print(await perform(link, function, numbers))
                except PJLinkException as refused:
                    print(type(refused).__name__)
    except PJLinkException as refused:
        print(type(refused).__name__)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
