"""Slips as python-escpos makes them: escpos_slips.py writes one a line: "slip", its name, its bytes in hexadecimal."""

from escpos.printer import Dummy


def ticket(printer):
    """The ticket of Protocols/ESCPOS/Vectors/ticket.txt, by the library's own primitives; Chinese and cut are raw."""
    printer.hw("INIT")
    printer._raw(b"\x1c\x26")
    printer.set(align="center")
    printer._raw("社会治安综合治理中心\n".encode("gb18030"))
    printer.set(custom_size=True, width=2, height=2)
    printer.text("A001\n")
    printer.set(align="left", custom_size=True, width=1, height=1)
    printer._raw("业务：矛盾纠纷调解\n等候人数：3\n".encode("gb18030"))
    printer.set(align="center")
    printer.qr("https://example.invalid/t/A001", native=True, ec=1, size=6)
    printer.ln()
    printer.print_and_feed(3)
    printer._raw(b"\x1d\x56\x41\x00")


def looks(printer):
    printer.hw("INIT")
    printer.set(bold=True, underline=1)
    printer.text("bold\n")
    printer.set(bold=False, underline=0, invert=True)
    printer.text("inverse\n")
    printer.set(invert=False, double_width=True, double_height=True)
    printer.text("double\n")
    printer.set(normal_textsize=True, align="right")
    printer.text("right\n")
    printer.set(custom_size=True, width=8, height=3)
    printer.text("8x3\n")
    printer.cut(mode="PART")


def image(printer):
    """A code drawn by the host, for printers without the firmware."""
    printer.hw("INIT")
    printer.set(align="center")
    printer.qr("A001", native=False, size=4)
    printer.cut(mode="FULL", feed=False)


def drawer(printer):
    printer.hw("INIT")
    printer.cashdraw(2)
    printer.buzzer(2, 3)
    printer.barcode("A001", "CODE39", function_type="A")
    printer.text("after\n")
    printer.cut()


for make in (ticket, looks, image, drawer):
    dummy = Dummy()
    make(dummy)
    print("slip", make.__name__, dummy.output.hex())
