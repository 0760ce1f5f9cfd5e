import CLibUSB
import Glibc

/// Why something with a USB device did not come about. The text is for the technician: plain Chinese first, English second.
public enum USBError: Error, Sendable, Equatable {
  /// No such device, or it has gone.
  case absent(String)
  /// Several fit, and nothing tells which is meant.
  case ambiguous([USBDeviceIdentity])
  /// The permissions of its file refuse this user.
  case notPermitted(path: String)
  /// Another program, or a driver of the kernel, has it.
  case busy(String)
  /// The endpoint is halted.
  case stalled
  /// `code` is libusb's, or errno where a file was opened.
  case failed(operation: String, code: Int32)

  init(_ code: Int32, _ operation: String, of device: USBDeviceIdentity) {
    switch code {
    case LIBUSB_ERROR_NO_DEVICE.rawValue, LIBUSB_ERROR_NOT_FOUND.rawValue: self = .absent("\(device)")
    case LIBUSB_ERROR_ACCESS.rawValue: self = .notPermitted(path: device.file)
    case LIBUSB_ERROR_BUSY.rawValue: self = .busy("\(device)")
    case LIBUSB_ERROR_PIPE.rawValue: self = .stalled
    default: self = .failed(operation: operation, code: code)
    }
  }
}

extension USBError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .absent(let what): "没有找到 USB 设备 \(what),请检查插头和供电 / USB device \(what) is not there; look at its plug and its power"
    case .ambiguous(let devices):
      "有 \(devices.count) 个 USB 设备符合,请用 at 写明插口: \(Self.list(devices)) / \(devices.count) USB devices match; name the socket with at"
    case .notPermitted(let path):
      "没有权限打开 \(path),请给运行用户 udev 规则 / not permitted to open \(path); it needs a udev rule for the user of this program"
    case .busy(let what): "USB 设备 \(what) 被占用,请停止别的程序 / USB device \(what) is in use; stop the other program"
    case .stalled: "USB 端点停止 / a USB endpoint is halted"
    case .failed(let operation, let code):
      "USB 操作 \(operation) 失败(\(Self.name(code)))/ USB \(operation) failed (\(Self.name(code)))"
    }
  }

  private static func list(_ devices: [USBDeviceIdentity]) -> String { devices.map(\.description).joined(separator: "; ") }

  private static func name(_ code: Int32) -> String {
    code < 0 ? String(cString: libusb_error_name(code)) : SystemText.error(code)
  }
}
