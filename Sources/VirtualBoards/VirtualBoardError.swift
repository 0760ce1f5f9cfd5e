import ChildPrograms

/// Why a virtual board could not be started or does not do what it was asked. The text is for whoever typed the command: plain Chinese first,
/// English second, and what to do next.
public enum VirtualBoardError: Error, Sendable, Equatable {
  /// A program that runs boards is not on this machine.
  case programMissing(String)
  /// There is no firmware image at this path.
  case imageMissing(String)
  /// Neither the bytes of a flash nor an ELF file that a board could start; also one that is damaged or cut off.
  case notFirmware(String)
  /// The image in this flash is for other hardware.
  case otherBoard(String, found: String, wanted: String)
  /// The emulator ended by itself; `said` is the end of what it printed.
  case ended(board: String, said: String)
  /// The emulator refused a command, or did not answer it within its time.
  case refused(board: String, command: String, answer: String)
  /// This board has no such pin (a button beyond its last one, a key, a housing contact ...).
  case noPin(board: String, String)
  /// A system call failed; `code` is errno.
  case system(operation: String, code: Int32)
}

extension VirtualBoardError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .programMissing(let name):
      "找不到 \(name),请运行 Tools/setup firmware 安装 / \(name) is not installed; run Tools/setup firmware"
    case .imageMissing(let path):
      "没有固件映像 \(path),请先运行 make -C Boards / no firmware image at \(path); run make -C Boards first"
    case .notFirmware(let path):
      "\(path) 不是能启动的固件(或文件不完整),请用 make -C Boards 产生的 panel.bin / \(path) is no firmware that can start, or not a whole one: use panel.bin as made by make -C Boards"
    case .otherBoard(let path, let found, let wanted):
      "\(path) 是 \(found) 的固件,不是 \(wanted) 的,请换文件 / \(path) is firmware for \(found), not for \(wanted): use another file"
    case .ended(let board, let said):
      "板 \(board) 的模拟器已退出: \(said) / the emulator of board \(board) has ended"
    case .refused(let board, let command, let answer):
      "板 \(board) 的模拟器不接受 \(command): \(answer) / the emulator of board \(board) refused this"
    case .noPin(let board, let pin): "板 \(board) 没有 \(pin) / board \(board) has no \(pin)"
    case .system(let operation, let code): "系统调用 \(operation) 失败,errno \(code) / system call failed"
    }
  }
}

extension VirtualBoardError {
  static func wrapping<Value>(_ body: () throws(ChildProgramError) -> Value) throws(VirtualBoardError) -> Value {
    do {
      return try body()
    } catch {
      switch error {
      case .programMissing(let name): throw .programMissing(name)
      case .system(let operation, let code): throw .system(operation: operation, code: code)
      }
    }
  }
}
