import DeviceKit
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Transports

/// The devices behind the wires: what the program does reaches the models, and what they answer the program.
extension ReaderBench {
  private var now: Instant {
    Instant(microseconds: 1_000_000 + UInt64((MonotonicClock.now() - started).microseconds * Int64(Self.pace)))
  }

  func give(_ input: CardReaderModel.Input, _ socket: String) {
    state.withLock { state in perform(input, socket, &state.value) }
  }

  private func perform(_ input: CardReaderModel.Input, _ socket: String, _ state: inout State) {
    guard var plugged = state.plugged[socket] else { return }
    var effects = Effects<CardReaderModel.Effect>()
    plugged.model.handle(input, at: now, into: &effects)
    state.plugged[socket] = plugged
    if case .written = input { state.recordBytes = 0 }
    let isRecord = plugged.model.commands.last == .read
    var isStalled = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .bytes(let bytes, let pipe):
        state.recordBytes += bytes.count
        if let terminal = state.terminal {
          terminal.write(FixedBytes(bytes))
        } else {
          send("in \(socket) \(Self.endpoint(pipe, isIn: true)) \(Self.hex(bytes))")
        }
      case .stalled: isStalled = true
      case .mended, .linkUp, .linkDown: break
      }
    }
    let isMet =
      switch state.trigger {
      case .recordIsAsked: true
      case .recordBytes(let count): state.recordBytes >= count
      case nil: false
      }
    if isRecord, isMet {
      state.trigger = nil
      state.falls = socket
    }
    if isStalled { send("stall \(socket)") }
    if case .written(_, let pipe) = input, isUSB, !isStalled { send("done \(socket) \(Self.endpoint(pipe, isIn: false))") }
  }

  /// One round; false when the program has ended.
  func pump() -> Bool {
    let (deadline, terminal) = state.withLock { state in
      (state.value.plugged.values.compactMap(\.model.deadline).min(), state.value.terminal?.descriptorToWaitOn ?? -1)
    }
    var set = PollSet()
    let news = set.add(output.fileHandleForReading.fileDescriptor)
    _ = set.add(terminal)
    var rest = 20_000
    if let deadline { rest = min(rest, max(0, Int((deadline - now).microseconds) / Self.pace)) }
    _ = set.wait(until: MonotonicClock.now() + .microseconds(rest))
    if let news, !set[news].isEmpty, !readNews() { return false }
    state.withLock { state in
      readTerminal(&state.value)
      for socket in state.value.order { perform(.wake, socket, &state.value) }
    }
    let falls = state.withLock { state in
      defer { state.value.falls = nil }
      return state.value.falls
    }
    if let falls { try? touch(.unplug, falls) }
    return true
  }

  private func readTerminal(_ state: inout State) {
    guard let terminal = state.terminal, let socket = state.order.first else { return }
    let isOpen = terminal.slaveIsOpen
    if isOpen, state.plugged[socket]?.isOpen == false { perform(.open, socket, &state) }
    state.plugged[socket]?.isOpen = isOpen
    var buffer = FixedBytes<256>()
    guard case .bytes = terminal.read(into: &buffer) else { return }
    perform(.written(buffer.withSpan { span in span.indices.map { span[$0] } }, .whole), socket, &state)
  }

  private func readNews() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
    guard count > 0 else {
      let isOver = count == 0 || errno != EAGAIN
      if isOver { state.withLock { $0.value.isOver = true } }
      return !isOver
    }
    state.withLock { state in
      state.value.text += bytes[..<count]
      while let end = state.value.text.firstIndex(of: 0x0A) {
        let line = String(decoding: state.value.text[..<end], as: UTF8.self)
        state.value.text.removeFirst(end + 1)
        hear(line, &state.value)
      }
    }
    return true
  }

  private func hear(_ line: String, _ state: inout State) {
    guard isUSB else { return state.lines.append(line) }
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count > 1 else { return }
    let socket = words[1]
    if words[0] != "heard" { state.news.append(line) }
    switch words[0] {
    case "heard": state.lines.append(String(line.dropFirst("heard ".count)))
    case "out" where words.count > 2:
      let bytes = words.count > 3 ? Self.bytes(words[3]) : []
      state.effects.append("out \(socket)")
      perform(.written(bytes, Self.pipe(words[2])), socket, &state)
    case "ask" where words.count > 2: perform(.asked(Self.pipe(words[2])), socket, &state)
    case "stop": perform(.stoppedAsking, socket, &state)
    case "clear":
      state.effects.append(line)
      perform(.clearHalt, socket, &state)
    case "reset":
      state.effects.append(line)
      state.plugged[socket]?.wasReset = true
      perform(.reset, socket, &state)
    case "claim":
      guard state.plugged[socket]?.wasReset != true else {
        state.plugged[socket]?.wasReset = false
        return
      }
      state.effects.append(line)
      perform(.open, socket, &state)
    case "ended": state.lines.append(line)
    default: break
    }
  }

  private static func endpoint(_ pipe: ReaderPipe, isIn: Bool) -> String {
    switch pipe {
    case .head: isIn ? "81" : "02"
    case .body: isIn ? "85" : "06"
    case .whole: isIn ? "82" : "01"
    }
  }

  private static func pipe(_ endpoint: String) -> ReaderPipe {
    ["02": .head, "81": .head, "06": .body, "85": .body][endpoint] ?? .whole
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
