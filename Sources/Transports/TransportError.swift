/// Why a port could not be opened or found. The text is for the technician: plain Chinese first, English second, and what to do next.
public enum TransportError: Error, Sendable, Equatable {
  /// No such file; `present` describes the ports that are there instead.
  case portMissing(path: String, present: [String])
  /// No port fits the selector; `present` describes the ports that are there instead.
  case nothingMatches(selector: String, present: [String])
  /// Several ports fit the selector and nothing tells which is meant.
  case ambiguous(selector: String, matches: [String])
  /// Another program (or another station) has the port.
  case portBusy(path: String, holder: PortHolder?)
  /// The file permissions refuse this user.
  case notPermitted(path: String)
  /// A file, but not a serial port.
  case notASerialPort(path: String)
  /// The driver refused the speed or the format, or does not hold it when read back.
  case settingsRefused(path: String, settings: String)
  /// Kernel RS-485 mode was asked for and the driver has none, or does not hold it.
  case rs485Unavailable(path: String)
  /// The symbolic link's place is taken by something that is not a link to a pseudo-terminal.
  case linkTaken(path: String)
  /// A text that is no selector.
  case notASelector(String)
  /// A system call failed; `code` is errno.
  case system(operation: String, path: String, code: Int32)
}

/// A process that has a port open, as far as /proc shows it to this user.
public struct PortHolder: Sendable, Equatable, CustomStringConvertible {
  public var processID: Int32
  /// The short command name; empty when it could not be read.
  public var command: String

  public init(processID: Int32, command: String) {
    self.processID = processID
    self.command = command
  }

  public var description: String { command.isEmpty ? "\(processID)" : "\(processID) (\(command))" }
}

extension TransportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .portMissing(let path, let present):
      return "找不到端口 \(path)。\(Self.presentPorts(present)) / No port \(path); \(Self.presentPortsEnglish(present))"
    case .nothingMatches(let selector, let present):
      return
        "没有端口符合 \(selector)。\(Self.presentPorts(present)) / No port matches \(selector); \(Self.presentPortsEnglish(present))"
    case .ambiguous(let selector, let matches):
      let list = matches.joined(separator: "; ")
      return
        "有 \(matches.count) 个端口符合 \(selector)，请写明 USB 位置：\(list) / \(matches.count) ports match \(selector), name the USB place"
    case .portBusy(let path, let holder):
      let chinese = holder.map { "，占用者进程 \($0)" } ?? ""
      let english = holder.map { " by process \($0)" } ?? ""
      return "端口被占用：\(path)\(chinese)。请先停止该程序。/ Port \(path) is in use\(english); stop that program first"
    case .notPermitted(let path):
      return "没有权限打开 \(path)，请把运行用户加入 dialout 组。/ Not permitted to open \(path); add the user to group dialout"
    case .notASerialPort(let path):
      return "\(path) 不是串口。/ \(path) is not a serial port"
    case .settingsRefused(let path, let settings):
      return "端口 \(path) 不支持 \(settings)。/ Port \(path) does not support \(settings)"
    case .rs485Unavailable(let path):
      return
        "端口 \(path) 的驱动没有 RS-485 模式；自动换向的转换器请设为 off。/ The driver of \(path) has no RS-485 mode; set rs485 to off for "
        + "adapters that switch direction by themselves"
    case .linkTaken(let path):
      return "\(path) 已存在，且不是虚拟串口的链接，不会覆盖。/ \(path) exists and is no link to a pseudo-terminal; left alone"
    case .notASelector(let text):
      return
        "无法识别的端口写法“\(text)”，可用：/dev/…、usb-path:1-1.4:1.0、usb-id:0403:6001、usb-id:0403:6001:序列号、usb-serial:序列号。"
        + "/ Not a port: \"\(text)\"; use /dev/…, usb-path:…, usb-id:VID:PID, usb-id:VID:PID:SERIAL or usb-serial:SERIAL"
    case .system(let operation, let path, let code):
      return "\(path)：系统调用 \(operation) 失败（\(SystemText.error(code))）。/ \(path): \(operation) failed (\(SystemText.error(code)))"
    }
  }

  private static func presentPorts(_ present: [String]) -> String {
    present.isEmpty ? "本机没有发现任何串口，请检查转换器和 USB 线。" : "现有端口：\(present.joined(separator: "; "))。"
  }

  private static func presentPortsEnglish(_ present: [String]) -> String {
    present.isEmpty ? "no serial port was found at all" : "see the list of ports that are there"
  }
}
