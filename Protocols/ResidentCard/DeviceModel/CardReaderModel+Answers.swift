import DeviceKit
import ResidentCardCodec

/// What the module answers (README.md, "Conversation").
extension CardReaderModel {
  mutating func answer(_ request: SDTRequest, at now: Instant) {
    switch fault {
    case .silent, .dead, .deadUntilReset, .deadUntilOpened, .halted: return
    case .selfTestFailed: return send(.selfTestFailed, [], at: now)
    case .notAuthorised: return send(.notAuthorised, [], at: now)
    default: break
    }
    switch request.command {
    case .moduleStatus, .start9600, .longestRadioFrame, .reset: send(.done, [], at: now)
    case .moduleNumber: send(.done, Self.number, at: now)
    case .find, .find9600: find(at: now)
    case .select, .select9600: select(at: now)
    case .read, .read9600: read([], at: now)
    case .newestAddress: address(at: now)
    case .readWithPrints:
      // Synthetic fingers: none.
      read([0x04, 0x00], at: now)
    default: send(.badCommand, [], at: now)
    }
  }

  /// 05.01-20101129-0001228293-0296863149
  static let number: [UInt8] = [
    0x05, 0x00, 0x01, 0x00, 0x09, 0xB8, 0x32, 0x01, 0x05, 0xBE, 0x12, 0x00, 0xAD, 0xC5, 0xB1, 0x11,
  ]

  private mutating func find(at now: Instant) {
    guard placement != nil, stage != .done || findsLyingCard else { return send(.noCard, [], at: now) }
    stage = .found
    send(.found, [0, 0, 0, 0], at: now)
  }

  private mutating func select(at now: Instant) {
    guard stage == .found, let placement, placement != .ghost else {
      stage = .idle
      return send(.selectFailed, [], at: now)
    }
    stage = .selected
    send(.done, [UInt8](repeating: 0, count: 8), at: now)
  }

  private mutating func read(_ prints: [UInt8], at now: Instant) {
    guard stage == .selected, case .card(let card)? = placement else {
      stage = .idle
      return send(.readFailed, [], at: now)
    }
    stage = .done
    let fingers = [UInt8](repeating: 0, count: prints.isEmpty ? 0 : 1024)
    sendAsPulled(card.record[..<4] + prints + card.text + card.photo + fingers, isAddress: false, at: now)
  }

  private mutating func address(at now: Instant) {
    guard stage == .done, case .card(let card)? = placement else { return send(.readFailed, [], at: now) }
    guard let address = card.newestAddress else { return send(.noSuchItem, [], at: now) }
    sendAsPulled(address[...], isAddress: true, at: now)
  }

  /// As far as it comes before the card is taken away.
  private mutating func sendAsPulled(_ data: ArraySlice<UInt8>, isAddress: Bool, at now: Instant) {
    guard let pull, pull.ofAddress == isAddress else { return send(.done, Array(data), at: now) }
    self.pull = nil
    lay(nil)
    guard pull.byte > 0 else { return send(.readFailed, [], at: now) }
    send(.done, Array(data), upTo: pull.byte, at: now)
    if pull.says { send(.readFailed, [], at: now + .milliseconds(100)) }
  }

  mutating func send(_ status: SDTStatus, _ data: [UInt8], upTo limit: Int = .max, at now: Instant) {
    var frame: [UInt8] = []
    frame.reserveCapacity(data.count + 11)
    SDTReply.encode(status, data: data) { frame.append($0) }
    switch fault {
    case .garbled: frame = frame.map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case .wrongChecksum: frame[frame.count - 1] ^= 0x55
    case .wrongLength: frame[6] = frame[6] &+ 3
    default: break
    }
    put(Array(frame.prefix(limit)), at: now)
  }

  private mutating func put(_ frame: [UInt8], at now: Instant) {
    // 64 bytes in a millisecond on USB; 16 in 1.4 ms at 115,200 baud.
    let size = layout == .serial ? 16 : Self.packetSize
    var pace = layout == .serial ? Interval.microseconds(1400) : .milliseconds(1)
    if case .slow(_, let gap) = fault { pace = max(pace, gap) }
    var due = max(now, packets.last?.due ?? now)
    func packet(_ bytes: ArraySlice<UInt8>, _ pipe: ReaderPipe) {
      packets.append(Packet(due: due, pipe: pipe, bytes: Array(bytes)))
      due += pace
    }
    var rest = frame[...]
    if layout == .split {
      packet(rest.prefix(SDTFrame.headLength), .head)
      rest = rest.dropFirst(SDTFrame.headLength)
    }
    while !rest.isEmpty {
      packet(rest.prefix(size), layout == .split ? .body : .whole)
      rest = rest.dropFirst(size)
    }
  }
}
