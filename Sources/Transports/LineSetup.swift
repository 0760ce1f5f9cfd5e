import CSerialPort
import Glibc

/// What opening a line found out; part of the port's health on the technician's page.
public struct LineReport: Sendable, Equatable {
  public enum Backend: String, Sendable, Equatable {
    case serialPort
    case pseudoTerminal
  }

  public var backend: Backend
  /// The driver hands over bytes at once (ASYNC_LOW_LATENCY), as far as it has such a switch.
  public var lowLatency = false
  /// The adapter's latency timer in milliseconds, read back; `nil` where it has none. 16 means answers come up to 16 ms late.
  public var latencyTimerMilliseconds: Int?
  /// False on pseudo-terminals with a parity format: the kernel drops the parity bit there.
  public var holdsParity = true
}

/// Brings an opened port into the state that a line needs; the two backends end as the same raw descriptor.
enum LineSetup {
  /// Raw, 8 bits, no flow control, receiver on, no carrier needed; a read gives what is there and zero only at the end of the line.
  static func configurePseudoTerminal(
    _ descriptor: Int32, path: String, settings: SerialSettings
  ) throws(TransportError) -> LineReport {
    guard settings.rs485 == .off else { throw .rs485Unavailable(path: path) }
    var state = termios()
    guard tcgetattr(descriptor, &state) == 0 else { throw .system(operation: "tcgetattr", path: path, code: errno) }
    cfmakeraw(&state)
    state.c_cflag |= tcflag_t(CLOCAL | CREAD)
    state.c_cflag &= ~tcflag_t(CSTOPB)
    if settings.format == .none8Two { state.c_cflag |= tcflag_t(CSTOPB) }
    setMinimum(1, in: &state)
    // Parity is left alone: the kernel drops the bit on a pseudo-terminal, and glibc reports that as EINVAL.
    guard cfsetspeed(&state, speed(of: settings.baud)) == 0, tcsetattr(descriptor, TCSANOW, &state) == 0 else {
      throw .settingsRefused(path: path, settings: settings.description)
    }
    tcflush(descriptor, TCIOFLUSH)
    return LineReport(backend: .pseudoTerminal, lowLatency: true, holdsParity: !settings.format.hasParity)
  }

  /// Settings of a real port through libserialport, read back from the driver.
  static func configureSerialPort(
    _ port: OpaquePointer, descriptor: Int32, path: String, settings: SerialSettings
  ) throws(TransportError) -> LineReport {
    try apply(settings, to: port, path: path)
    var state = termios()
    guard tcgetattr(descriptor, &state) == 0 else { throw .system(operation: "tcgetattr", path: path, code: errno) }
    // libserialport 0.1.1 looks for RTS/CTS flow control in the wrong word, so what an earlier program left on would stay on; and it
    // leaves a zero VMIN behind, with which the end of the line looks like silence.
    state.c_iflag &= ~tcflag_t(IXON | IXOFF | IXANY)
    state.c_cflag &= ~tcflag_t(CRTSCTS)
    setMinimum(1, in: &state)
    guard tcsetattr(descriptor, TCSANOW, &state) == 0, tcgetattr(descriptor, &state) == 0, holds(settings, state) else {
      throw .settingsRefused(path: path, settings: settings.description)
    }
    try setRS485(descriptor, path: path, mode: settings.rs485)
    var report = LineReport(backend: .serialPort)
    report.lowLatency = linli_set_low_latency(descriptor) == 0
    report.latencyTimerMilliseconds = shortenLatencyTimer(ofPortNamed: String(path.split(separator: "/").last ?? ""))
    tcflush(descriptor, TCIOFLUSH)
    return report
  }

  private static func apply(_ settings: SerialSettings, to port: OpaquePointer, path: String) throws(TransportError) {
    var configuration: OpaquePointer?
    guard sp_new_config(&configuration) == SP_OK, let configuration else {
      throw .system(operation: "sp_new_config", path: path, code: ENOMEM)
    }
    defer { sp_free_config(configuration) }
    let parity =
      switch settings.format {
      case .none8One, .none8Two: SP_PARITY_NONE
      case .even8One: SP_PARITY_EVEN
      case .odd8One: SP_PARITY_ODD
      }
    let steps = [
      sp_set_config_baudrate(configuration, Int32(settings.baud.rawValue)),
      sp_set_config_bits(configuration, 8),
      sp_set_config_parity(configuration, parity),
      sp_set_config_stopbits(configuration, settings.format == .none8Two ? 2 : 1),
      // Never leave this out: sp_new_config of 0.1.1 does not initialise the XON/XOFF field.
      sp_set_config_flowcontrol(configuration, SP_FLOWCONTROL_NONE),
      sp_set_config(port, configuration),
    ]
    guard steps.allSatisfy({ $0 == SP_OK }) else { throw .settingsRefused(path: path, settings: settings.description) }
  }

  private static func holds(_ settings: SerialSettings, _ state: termios) -> Bool {
    let flags = state.c_cflag
    let parity = flags & tcflag_t(PARENB) != 0
    let odd = flags & tcflag_t(PARODD) != 0
    let twoStops = flags & tcflag_t(CSTOPB) != 0
    var copy = state
    return parity == settings.format.hasParity && (!parity || odd == (settings.format == .odd8One))
      && twoStops == (settings.format == .none8Two) && cfgetospeed(&copy) == speed(of: settings.baud)
      && state.c_iflag & tcflag_t(IXON | IXOFF | IXANY) == 0 && flags & tcflag_t(CRTSCTS) == 0
  }

  /// Asked for: set, read back, an error when it does not hold. Not asked for: switched off where an earlier program left it on.
  private static func setRS485(_ descriptor: Int32, path: String, mode: RS485Mode) throws(TransportError) {
    var state = serial_rs485()
    let known = linli_read_rs485(descriptor, &state) == 0
    let enabled = UInt32(bitPattern: Int32(SER_RS485_ENABLED))
    switch mode {
    case .off:
      guard known, state.flags & enabled != 0 else { return }
      state.flags &= ~enabled
      guard linli_write_rs485(descriptor, &state) == 0 else { throw .system(operation: "TIOCSRS485", path: path, code: errno) }
    case .kernel(let timing):
      guard known else { throw .rs485Unavailable(path: path) }
      let onSend = UInt32(bitPattern: Int32(SER_RS485_RTS_ON_SEND))
      let afterSend = UInt32(bitPattern: Int32(SER_RS485_RTS_AFTER_SEND))
      state.flags = enabled | (timing.rtsOnSend ? onSend : afterSend)
      state.delay_rts_before_send = UInt32(timing.delayBeforeSendMilliseconds)
      state.delay_rts_after_send = UInt32(timing.delayAfterSendMilliseconds)
      guard linli_write_rs485(descriptor, &state) == 0, linli_read_rs485(descriptor, &state) == 0, state.flags & enabled != 0
      else {
        throw .rs485Unavailable(path: path)
      }
    }
  }

  /// FTDI adapters hold bytes back for 16 ms unless told otherwise. Answers what the adapter has afterwards.
  private static func shortenLatencyTimer(ofPortNamed name: String) -> Int? {
    let attribute = "/sys/bus/usb-serial/devices/\(name)/latency_timer"
    guard SystemText.exists(attribute) else { return nil }
    // Needs write permission (a udev rule, or root); the value read back tells whether it was granted.
    _ = SystemText.write("1\n", to: attribute)
    return SystemText.contents(of: attribute).flatMap { Int($0) }
  }

  /// VMIN, with VTIME at zero.
  static func setMinimum(_ bytes: UInt8, in state: inout termios) {
    withUnsafeMutableBytes(of: &state.c_cc) { characters in
      characters[Int(VMIN)] = bytes
      characters[Int(VTIME)] = 0
    }
  }

  private static func speed(of baud: BaudRate) -> speed_t {
    let code =
      switch baud {
      case .b1200: B1200
      case .b2400: B2400
      case .b4800: B4800
      case .b9600: B9600
      case .b19200: B19200
      case .b38400: B38400
      case .b57600: B57600
      case .b115200: B115200
      }
    return speed_t(code)
  }
}
