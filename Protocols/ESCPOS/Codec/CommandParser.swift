/// What a printer finds in the bytes that it is sent.
public enum PrinterItem: Sendable, Hashable {
  /// A single-byte character.
  case character(UInt8)
  /// A double-byte character.
  case pair(UInt8, UInt8)
  case command(PrinterCommand)
  /// Not in order: answered when it is received, whatever waits in the buffer.
  case realTime(RealTimeRequest)
  /// Consumed and not understood.
  case rejected(PrinterRejection)
}

public enum RealTimeRequest: Sendable, Hashable {
  /// `DLE EOT`.
  case status(StatusKind)
  /// `DLE ENQ`: 1 go on after an error, 2 forget the buffer.
  case recover(UInt8)
}

public enum PrinterRejection: Sendable, Hashable {
  case unknownCommand(UInt8, UInt8)
  /// Of a known command; what is wrong with it makes it do nothing.
  case badParameter(UInt8, UInt8)
  /// The first half of a double-byte character without its second half.
  case loneLead(UInt8)
  case control(UInt8)
}

/// The printer's side: bytes in, items out. It holds one command at most; a size that cannot be is refused before its data are waited for.
public struct CommandParser: Sendable {
  /// Quirk: a status request is answered also inside of image and code data (and stays part of the data).
  public var answersInData: Bool
  /// Quirk: `1B 40` leaves the double-byte mode, else it keeps it.
  public var initialiseLeavesDoubleByte: Bool
  public private(set) var isDoubleByte: Bool

  private enum State: Sendable {
    case ground
    case lead(UInt8)
    /// DLE, ESC, FS or GS.
    case prefix(UInt8)
    /// Parameters of a fixed number.
    case parameters(command: UInt8, letter: UInt8, count: Int)
    /// Head of something whose length its first parameters tell.
    case head(command: UInt8, letter: UInt8, count: Int)
    case data(Data, count: Int)
    /// `1B 44 … 00`.
    case untilZero
  }

  private enum Data: Sendable {
    case function(letter: UInt8)
    case raster(bytesPerRow: Int, rows: Int)
    case skipped
  }

  private var state = State.ground
  private var held: [UInt8] = []
  /// The last two bytes, for requests inside of data.
  private var tail: (UInt8, UInt8) = (0, 0)

  public init(answersInData: Bool = false, initialiseLeavesDoubleByte: Bool = true, isDoubleByte: Bool = false) {
    self.answersInData = answersInData
    self.initialiseLeavesDoubleByte = initialiseLeavesDoubleByte
    self.isDoubleByte = isDoubleByte
  }

  /// Power was cut, or the buffer was to be forgotten.
  public mutating func startOver() {
    state = .ground
    held.removeAll()
    tail = (0, 0)
  }

  /// In the middle of a command or a character.
  public var isInside: Bool { if case .ground = state { false } else { true } }

  public mutating func push(_ byte: UInt8, into items: inout [PrinterItem]) {
    defer { tail = (tail.1, byte) }
    switch state {
    case .ground: ground(byte, &items)
    case .lead(let lead):
      state = .ground
      if isTrail(byte) {
        items.append(.pair(lead, byte))
      } else {
        items.append(.rejected(.loneLead(lead)))
        ground(byte, &items)
      }
    case .prefix(let prefix): command(prefix, byte, &items)
    case .parameters(let command, let letter, let count):
      held.append(byte)
      // A cut that feeds says so with its first parameter and has a second one.
      let isFeedingCut = (command, letter) == (0x1D, 0x56) && (0x41...0x42).contains(held.first ?? 0)
      guard held.count >= (isFeedingCut ? 2 : count) else { return }
      state = .ground
      items.append(complete(command, letter, held))
    case .head(let command, let letter, let count):
      held.append(byte)
      if held.count >= count { headIsComplete(command, letter, &items) }
    case .data(let data, let count):
      answer(inData: byte, &items)
      if case .skipped = data {
        state = count > 1 ? .data(data, count: count - 1) : .ground
        return
      }
      held.append(byte)
      guard held.count >= count else { return }
      state = .ground
      dataAreComplete(data, &items)
    case .untilZero: if byte == 0 { state = .ground }
    }
  }

  private func isTrail(_ byte: UInt8) -> Bool { byte >= 0x40 && byte != 0x7F && byte != 0xFF }

  private func answer(inData byte: UInt8, _ items: inout [PrinterItem]) {
    guard answersInData, tail == (0x10, 0x04), let kind = StatusKind(rawValue: byte) else { return }
    items.append(.realTime(.status(kind)))
  }

  private mutating func ground(_ byte: UInt8, _ items: inout [PrinterItem]) {
    switch byte {
    case 0x0A: items.append(.command(.lineFeed))
    case 0x10, 0x1B, 0x1C, 0x1D: state = .prefix(byte)
    // Filling, carriage return, tabulator and page commands: nothing that a slip needs.
    case 0x00: break
    case 0x01..<0x20, 0x7F: items.append(.rejected(.control(byte)))
    case 0x81...0xFE where isDoubleByte: state = .lead(byte)
    default: items.append(.character(byte))
    }
  }

  private mutating func command(_ prefix: UInt8, _ letter: UInt8, _ items: inout [PrinterItem]) {
    held.removeAll(keepingCapacity: true)
    switch CommandShape(prefix, letter) {
    case .alone:
      state = .ground
      items.append(complete(prefix, letter, []))
    case .parameters(let count): state = .parameters(command: prefix, letter: letter, count: count)
    case .head(let count): state = .head(command: prefix, letter: letter, count: count)
    case .untilZero: state = .untilZero
    case nil:
      state = .ground
      items.append(.rejected(.unknownCommand(prefix, letter)))
      // A prefix behind a prefix begins a command of its own; a line end is one.
      if [0x0A, 0x10, 0x1B, 0x1C, 0x1D].contains(letter) { ground(letter, &items) }
    }
  }

  private mutating func headIsComplete(_ command: UInt8, _ letter: UInt8, _ items: inout [PrinterItem]) {
    let head = held
    held.removeAll(keepingCapacity: true)
    state = .ground
    func word(_ index: Int) -> Int { index + 1 < head.count ? Int(head[index]) | Int(head[index + 1]) << 8 : 0 }
    switch (command, letter) {
    case (0x1D, 0x28):
      // fn, pL, pH
      let length = word(1)
      if length > 0 { state = .data(.function(letter: head.first ?? 0), count: length) }
    case (0x1D, 0x76):
      // 0, m, xL, xH, yL, yH
      let (bytesPerRow, rows) = (word(2), word(4))
      guard head.first == 0x30, RasterImage.isPossible(bytesPerRow: bytesPerRow, rows: rows) else {
        return items.append(.rejected(.badParameter(command, letter)))
      }
      state = .data(.raster(bytesPerRow: bytesPerRow, rows: rows), count: bytesPerRow * rows)
    case (0x1B, 0x2A):
      // m, nL, nH
      let length = word(1) * ((head.first ?? 0) >= 32 ? 3 : 1)
      if length > 0 { state = .data(.skipped, count: length) }
    case (0x1D, 0x6B):
      // A bar code: m from 65 on tells the length, below it ends with a zero.
      if (head.first ?? 0) < 65 {
        state = head.last == 0 ? .ground : .untilZero
      } else if let length = head.last, length > 0 {
        state = .data(.skipped, count: Int(length))
      }
    default: break
    }
  }

  private mutating func dataAreComplete(_ data: Data, _ items: inout [PrinterItem]) {
    let bytes = held
    held.removeAll()
    switch data {
    case .function(let letter):
      if letter == 0x6B, let function = QRFunction(bytes) {
        items.append(.command(.qr(function)))
      } else if letter == 0x6B, bytes.first == 0x31 {
        items.append(.rejected(.badParameter(0x1D, 0x28)))
      } else {
        items.append(.command(.other([0x1D, 0x28, letter] + littleEndian(bytes.count) + bytes)))
      }
    case .raster(let bytesPerRow, let rows):
      if let image = RasterImage(bytesPerRow: bytesPerRow, rows: rows, bytes: bytes) {
        items.append(.command(.raster(image)))
      }
    case .skipped: break
    }
  }

  private mutating func complete(_ prefix: UInt8, _ letter: UInt8, _ parameters: [UInt8]) -> PrinterItem {
    if prefix == 0x10 { return realTime(letter, parameters) }
    guard let command = PrinterCommand(prefix, letter, parameters) else { return .rejected(.badParameter(prefix, letter)) }
    switch command {
    case .initialise: if initialiseLeavesDoubleByte { isDoubleByte = false }
    case .doubleByte(let on): isDoubleByte = on
    default: break
    }
    return .command(command)
  }

  private func realTime(_ letter: UInt8, _ parameters: [UInt8]) -> PrinterItem {
    let parameter = parameters.first ?? 0
    switch letter {
    case 0x04: return StatusKind(rawValue: parameter).map { .realTime(.status($0)) } ?? .rejected(.badParameter(0x10, letter))
    case 0x05: return .realTime(.recover(parameter))
    default: return .rejected(.unknownCommand(0x10, letter))
    }
  }
}
