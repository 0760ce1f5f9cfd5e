"""Reference controller of a wall, by python-samsung-mdc: the same commands as wall.c, all panels at once in one event loop.

wall.py PORT ...: says "ready"; each line on standard input, 0 or 1, is a layout, and is answered with the microseconds and the commands.
"""
import asyncio
import sys
import time

from samsung_mdc import MDC


def wanted(panel, layout):
    size, place, code = ((4, 4), panel % 16 + 1, 0x23) if layout else ((8, 8), panel + 1, 0x21)
    return size, place, code


async def bring(mdc, panel, layout):
    size, place, code = wanted(panel, layout)
    await mdc.video_wall_model(1, [f"{size[0]},{size[1]}", place])
    await mdc.video_wall_mode(1, ["FULL"])
    await mdc.input_source(1, [code])
    (state,) = await mdc.video_wall_state(1)
    found = await mdc.video_wall_model(1)
    (source,) = await mdc.input_source(1)
    if state.name != "ON" or tuple(found[0]) != size or found[1] != place or source != code:
        raise SystemExit(f"panel {panel}: {state} {found} {source}")


async def main(ports):
    panels = [MDC(f"127.0.0.1:{port}") for port in ports]
    for mdc in panels:
        await mdc.open()
        await mdc.video_wall_state(1, ["ON"])
    print("ready", flush=True)
    # Standard input is waited for without the loop: nothing else is to be done meanwhile.
    for line in sys.stdin:
        start = time.monotonic()
        await asyncio.gather(*(bring(mdc, index, line.strip() == "1") for index, mdc in enumerate(panels)))
        print(f"{(time.monotonic() - start) * 1e6:.0f} {6 * len(panels)}", flush=True)


asyncio.run(main(sys.argv[1:]))
