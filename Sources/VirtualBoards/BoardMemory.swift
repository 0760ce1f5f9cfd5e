import CallPanelDeviceModel
import DeviceKit
import FirmwareUpdateDeviceModel
import Foundation

/// A board's EEPROM as the file that the emulator uses: what a workshop does with a programmer before it mounts a panel.
public struct BoardMemory {
  public var bytes: [UInt8]
  private let board: BoardDescription
  private var isWorking = false

  /// All FF, as a new part is.
  ///
  /// - Throws: `noPin` when the board's settings do not lie in an EEPROM.
  public init(_ board: BoardDescription) throws(VirtualBoardError) {
    guard let size = board.memoryBytes else { throw .noPin(board: board.name, "EEPROM") }
    self.board = board
    bytes = Array(repeating: 0xFF, count: size)
  }

  /// - Throws: as `init(_:)`; `system` when the file cannot be read or has another size than the part.
  public init(_ board: BoardDescription, file: String) throws(VirtualBoardError) {
    try self.init(board)
    guard let data = FileManager.default.contents(atPath: file), data.count == bytes.count else {
      throw .system(operation: "read \(file)", code: errno)
    }
    bytes = Array(data)
  }

  /// - Throws: `system` when the file cannot be written.
  public func write(to file: String) throws(VirtualBoardError) {
    do { try Data(bytes).write(to: URL(fileURLWithPath: file)) } catch { throw .system(operation: "write \(file)", code: errno) }
  }

  /// The newest settings, and how many places after them hold none; `nil` when there are none.
  public var settings: PanelSettings? {
    var copy = self
    var store = RecordStore(page: 0, pageBytes: board.pageBytes)
    return store.load(from: &copy).flatMap { PanelSettings(stored: $0.payload) }
  }

  /// Adds a record of settings behind those that are there, by the firmware's own code.
  public mutating func save(_ settings: PanelSettings) {
    var store = RecordStore(page: 0, pageBytes: board.pageBytes)
    _ = store.load(from: &self)
    store.save(settings.stored)
    while store.hasWork {
      store.start(&self)
      if let succeeded = finished(at: .zero) { store.finished(succeeded, &self) }
    }
  }
}

extension BoardMemory: StableMemory {
  public mutating func read(_ address: UInt32) -> UInt8 { address < bytes.count ? bytes[Int(address)] : 0xFF }

  public mutating func erase(page address: UInt32) {
    isWorking = true
    let start = min(Int(address), bytes.count)
    for index in start..<min(start + Int(board.pageBytes), bytes.count) { bytes[index] = 0xFF }
  }

  public mutating func write(_ new: inout FixedBytes<64>, at address: UInt32) {
    isWorking = true
    for index in 0..<new.count where Int(address) + index < bytes.count { bytes[Int(address) + index] = new[index] }
  }

  public mutating func finished(at now: Instant) -> Bool? {
    defer { isWorking = false }
    return isWorking ? true : nil
  }
}
