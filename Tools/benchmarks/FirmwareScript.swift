import DeviceKit
import Foundation
import VirtualBoards

/// The same requests and fingers for two images of the panel: what they answer has to be the same, byte for byte, or their costs cannot be
/// compared.
enum FirmwareScript {
  private enum Step {
    case ask([UInt8])
    /// To all, to another address, or no frame at all: nothing may come back.
    case say([UInt8])
    case press(Int), release(Int), housing(Bool)
    case wait(milliseconds: Int)
  }

  /// - Throws: where the two differ, three times over.
  static func compare(_ one: FirmwareImage, _ other: FirmwareImage, folder: String, requests: Int) throws -> Int {
    let steps = script(requests: requests)
    // Both begin with the same settings: those that the first one writes to an empty EEPROM.
    do { _ = try CountedBoard(one, folder: folder, counts: false) }
    let eeprom = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(one.name).eeprom"))
    var difference = ""
    // A busy machine can tear a request apart; what differs each time is a difference.
    for _ in 0..<3 {
      let answers = try [one, other].map { image in
        try eeprom.write(to: URL(fileURLWithPath: "\(folder)/\(image.name).eeprom"))
        return try run(steps, on: CountedBoard(image, folder: folder, counts: false))
      }
      guard let place = zip(answers[0], answers[1]).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset else {
        return answers[0].count
      }
      difference = "\(answers[0][place]) by \(one.name), \(answers[1][place]) by \(other.name)"
    }
    throw BenchError("the two images answer differently: \(difference)")
  }

  private static func run(_ steps: [Step], on counted: CountedBoard) throws -> [String] {
    var said: [String] = []
    for step in steps {
      switch step {
      case .ask(let pdu): said.append("\(text(pdu)) → \(text(masked(counted.ask(pdu), asked: pdu)))")
      case .say(let bytes):
        counted.send(bytes)
        said.append("\(text(bytes)) → \(text(counted.listen(milliseconds: 40)))")
      case .press(let button): try counted.board.press(button)
      case .release(let button): try counted.board.release(button)
      case .housing(let isOpen): try counted.board.openHousing(isOpen)
      case .wait(let milliseconds): usleep(UInt32(milliseconds) * 1_000)
      }
    }
    return said
  }

  private static func text(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

  /// Without what may differ: up-time, supply, ages, the build id, and the CRC over them.
  private static func masked(_ answer: [UInt8], asked pdu: [UInt8]) -> [UInt8] {
    guard answer.count > 5, answer[1] == pdu[0], [3, 4, 0x17].contains(pdu[0]) else { return answer }
    var answer = Array(answer.dropLast(2))
    let start = Int(pdu[1]) << 8 | Int(pdu[2])
    for place in stride(from: 3, to: answer.count - 1, by: 2) {
      let register = start + (place - 3) / 2
      let isAge = (0x310..<0x324).contains(register) && (register - 0x310) % 5 >= 3
      let varies = pdu[0] == 4 ? (0x13...0x16).contains(register) : isAge || (0x30B...0x30D).contains(register)
      if varies { (answer[place], answer[place + 1]) = (0, 0) }
    }
    return answer
  }

  private static func script(requests: Int) -> [Step] {
    func ask(_ pdu: UInt8...) -> Step { .ask(pdu) }
    let exchange = exchangeRequest(unit: 0x0102_0304, flags: 1)
    var steps: [Step] = [
      ask(0x2B, 0x0E, 1, 0), ask(0x2B, 0x0E, 4, 1), ask(0x2B, 0x0E, 2, 9), ask(4, 0, 0, 0, 4), ask(4, 0, 0x10, 0, 16),
      ask(4, 0, 0x30, 0, 8), ask(2, 0, 0, 0, 9), ask(1, 0, 0, 0, 1), ask(5, 0, 0, 0xFF, 0), ask(8, 0, 0, 0x12, 0x34), ask(0x11),
      ask(0x18, 3, 0), ask(0x41, 1, 2), ask(3, 3, 0, 0, 36), ask(3, 3, 0, 0, 37), ask(3, 4, 0, 0, 1), ask(3, 0, 0, 0, 126),
      .ask(exchange), ask(6, 4, 0, 0, 0x81), .wait(milliseconds: 400), ask(3, 4, 0, 0, 1), ask(6, 4, 0, 0, 0),
      .wait(milliseconds: 400), ask(0x16, 4, 0x20, 0, 0xFF, 0, 3), ask(6, 4, 0x20, 0, 61),
    ]
    for token in 0..<16 { steps.append(ask(4, 1, UInt8(token), 0, 1)) }
    // Presses, one that is held long, one again, all at once; what waits is read, then acknowledged in part.
    for button in 1...8 {
      steps += [.press(button), .wait(milliseconds: 150), ask(4, 1, 3, 0, 1)]
      steps += [.release(button), .wait(milliseconds: 150), .ask(exchange)]
    }
    steps += [.press(2), .wait(milliseconds: 3_300), .release(2), .wait(milliseconds: 150), .ask(exchange), .housing(true)]
    steps += [.wait(milliseconds: 100), .ask(exchange), ask(2, 0, 0, 0, 9), ask(2, 0, 0x10, 0, 16), .housing(false)]
    steps += [.wait(milliseconds: 100), .ask(exchangeRequest(unit: 7, flags: 0)), .ask(exchange)]
    // A contact that bounces.
    for _ in 0..<15 { steps += [.press(4), .wait(milliseconds: 2), .release(4), .wait(milliseconds: 2)] }
    steps += [.wait(milliseconds: 300), .ask(exchange)]
    // Garbage, broadcasts, another address, half a frame.
    let foreign = CountedBoard.frame(9, [3, 0, 0, 0, 1])
    steps += [.say(foreign), .say(CountedBoard.frame(0, [6, 4, 0x20, 0, 1])), .say(CountedBoard.frame(0, [3, 4, 0, 0, 1]))]
    steps += [.say(Array(foreign.prefix(5))), ask(4, 1, 5, 0, 1), .say([UInt8](repeating: 0xFF, count: 300)), ask(4, 1, 6, 0, 1)]
    var random = SeededRandom(seed: 12)
    for _ in 0..<requests { steps.append(.ask(randomRequest(&random))) }
    steps += [.wait(milliseconds: 300), .ask(exchange), ask(4, 0, 0x30, 0, 8)]
    return steps
  }

  private static func exchangeRequest(unit: UInt32, flags: UInt8) -> [UInt8] {
    [0x17, 3, 0, 0, 36, 2, 0, 0, 8, 16, flags, 5] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: unit >> $0) }
      + [0, 0, 0, 0, 0, 0, 0xFF, 0x31, 0xF2, 0x5F]
  }

  /// Any function, addresses near those that exist, lengths that fit or not.
  private static func randomRequest(_ random: inout SeededRandom) -> [UInt8] {
    func byte(_ limit: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: random.below(limit)) }
    let functions: [UInt8] = [1, 2, 3, 4, 5, 6, 8, 0x0F, 0x10, 0x11, 0x16, 0x17, 0x18, 0x2B, 0x63]
    let function = functions[Int(random.below(UInt32(functions.count)))]
    let address = [byte(6), [byte(0x40), byte(255)][Int(random.below(2))]]
    let count: [UInt8] = [0, byte(40)]
    switch function {
    case 0x0F, 0x10:
      let registers = Int(random.below(12))
      let bytes = (0..<(2 * registers)).map { _ in byte(256) }
      return [function] + address + [0, UInt8(registers)] + [UInt8(2 * registers)] + bytes
    case 0x17:
      let registers = Int(random.below(9))
      let bytes = (0..<(2 * registers)).map { _ in byte(256) }
      return [function] + address + count + [byte(6), byte(255), 0, UInt8(registers), UInt8(2 * registers)] + bytes
    case 0x16: return [function] + address + [byte(2), byte(256), 0, byte(4)]
    case 0x18: return [function] + address
    case 0x2B: return [function, 0x0E, byte(6), byte(4)]
    case 0x11: return [function]
    // The key that arms a new address is not among these values.
    default: return [function] + address + count
    }
  }
}
