"""pcscd with vsmartcard's vpcd as its reader, the card behind it, and the program of the command line, which uses both. In mount, network and
process namespaces of its own. Standard input: `put UID` (or `put -`: no UID), `take`, `kill` (pcscd), `stop` (the program); every other line goes to the program."""
import fcntl, os, socket, struct, subprocess, sys, threading, time

ATR = bytes.fromhex("3b8180018080")
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCGIFFLAGS, SIOCSIFFLAGS; bit 0 is IFF_UP.
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, 0x8913, request))[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def answer(command, uid):
    if command[:2] == b"\xff\xca":
        return uid + b"\x90\x00" if uid else b"\x6d\x00"
    # The number of one that is no social-security card ends in ff.
    if command[:5] == b"\x00\xa4\x04\x00\x0f" and uid[-1:] == b"\xff":
        return b"\x6a\x82"
    return b"\x90\x00" if command[:2] == b"\x00\xa4" else b"\x6e\x00"


def serve(line, uid):
    def take(count):
        data = b""
        while len(data) < count:
            more = line.recv(count - len(data))
            if not more:
                raise OSError
            data += more
        return data

    try:
        while True:
            command = take(struct.unpack(">H", take(2))[0])
            if command == b"\x04":
                reply = ATR
            elif len(command) == 1:
                continue
            else:
                reply = answer(command, uid)
            line.sendall(struct.pack(">H", len(reply)) + reply)
    except OSError:
        pass


def put(uid):
    for _ in range(200):
        try:
            line = socket.create_connection(("127.0.0.1", 35963))
            break
        except OSError:
            time.sleep(0.02)
    else:
        sys.exit("vpcd does not listen")
    threading.Thread(target=serve, args=(line, uid), daemon=True).start()
    return line


if not os.path.exists(DRIVER):
    sys.exit("vpcd is missing (Tools/setup test)")
subprocess.run(["mount", "-t", "tmpfs", "linli", "/run"], check=True)
os.makedirs("/run/pcscd")
loopback_up()
with open("/run/reader.conf", "w") as file:
    file.write('FRIENDLYNAME "Virtual"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH %s\nCHANNELID 0x8C7B\n' % DRIVER)
service = subprocess.Popen(
    ["pcscd", "--foreground", "--config", "/run/reader.conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL)
while not os.path.exists("/run/pcscd/pcscd.comm"):
    if service.poll() is not None:
        sys.exit("pcscd ended")
    time.sleep(0.01)
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, text=True, bufsize=1)
card = None
for text in sys.stdin:
    words = text.split()
    if words[0] == "put":
        card = put(b"" if words[1] == "-" else bytes.fromhex(words[1]))
    elif words[0] == "take" and card:
        card.shutdown(socket.SHUT_RDWR)
        card.close()
    elif words[0] == "stop":
        program.terminate()
        break
    elif words[0] == "kill":
        service.kill()
        service.wait()
    else:
        program.stdin.write(text)
program.stdin.close()
try:
    program.wait(3)
except subprocess.TimeoutExpired:
    # One that does not listen there, at the end of a test that failed.
    program.kill()
service.kill()
