import DeviceKit
import Foundation
import SamsungMDCCodec
import Testing

@Suite struct VectorTests {
  struct Vector {
    var name: String
    var isRequest: Bool
    var bytes: [UInt8]
    var meaning: String
  }

  static func all() throws -> [Vector] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Protocols/SamsungMDC/Vectors")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().flatMap { name in
      try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n")
        .filter { !$0.hasPrefix("#") }
        .map { line in
          let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
          try #require(parts.count == 4, "\(line)")
          return Vector(
            name: parts[0], isRequest: parts[1] == ">", bytes: parts[2].split(separator: " ").compactMap { UInt8($0, radix: 16) },
            meaning: parts[3])
        }
    }
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.isEmpty ? "-" : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
  }

  private func text(_ found: MDCDecoder.Found) -> String {
    switch found {
    case .request(let request): "\(hex([request.command])) \(hex([request.id])) \(hex(request.data))"
    case .reply(let reply): "\(reply.isAccepted ? "A" : "N") \(hex([reply.command])) \(hex([reply.id])) \(hex(reply.data))"
    case .wantsTLS: "TLS"
    }
  }

  private func bytes(_ found: MDCDecoder.Found) -> [UInt8] {
    switch found {
    case .request(let request): request.bytes
    case .reply(let reply): reply.bytes
    case .wantsTLS: MDCDecoder.greeting
    }
  }

  private func decode(_ bytes: [UInt8], _ side: MDCDecoder.Side) -> [MDCDecoder.Found] {
    var decoder = MDCDecoder(side)
    return bytes.compactMap { decoder.push($0) }
  }

  @Test func everyFrameIsReadAndWrittenBack() throws {
    let all = try Self.all()
    #expect(all.count == 30)
    for vector in all {
      let found = decode(vector.bytes, vector.isRequest ? .panel : .host)
      #expect(found.map(text) == [vector.meaning], "\(vector.name)")
      #expect(found.flatMap(bytes) == vector.bytes, "\(vector.name)")
    }
  }

  @Test func manyAtOnceAreThoseOneByOne() throws {
    for isRequest in [true, false] {
      let some = try Self.all().filter { $0.isRequest == isRequest }
      #expect(decode(some.flatMap(\.bytes), isRequest ? .panel : .host).map(text) == some.map(\.meaning))
    }
  }

  /// Whatever is flipped or missing, the frame behind it is found: at once, or when nothing more comes.
  @Test func damageDoesNotOutlastItsFrame() throws {
    var mistaken: [String] = []
    for vector in try Self.all() {
      let side: MDCDecoder.Side = vector.isRequest ? .panel : .host
      var damaged: [[UInt8]] = vector.bytes.indices.map { Array(vector.bytes[..<$0]) }
      for index in vector.bytes.indices {
        for bit in 0..<8 {
          var bytes = vector.bytes
          bytes[index] ^= 1 << UInt8(bit)
          damaged.append(bytes)
        }
      }
      for bytes in damaged {
        var decoder = MDCDecoder(side)
        var found = (bytes + vector.bytes).compactMap { decoder.push($0) }
        while let more = decoder.resynchronise() { found.append(more) }
        if found.map(text) != [vector.meaning] { mistaken.append(hex(bytes)) }
        #expect(!decoder.isInside)
      }
    }
    // A sum of one byte misses no single bit. But these two, cut off, are whole ones with the start of the next: AA is their data, FF their sum.
    #expect(mistaken == ["AAFF01034111", "AAFF01034111"])
  }

  @Test func noiseIsBounded() {
    var random = SeededRandom(seed: 5)
    for side in [MDCDecoder.Side.host, .panel] {
      var decoder = MDCDecoder(side)
      for _ in 0..<200_000 {
        _ = decoder.push(random.chance(1, in: 3) ? 0xAA : random.chance(1, in: 3) ? 0xFF : UInt8(random.below(256)))
      }
      while decoder.resynchronise() != nil {}
      #expect(!decoder.isInside && decoder.dropped > 50_000)
    }
  }

  @Test func aGreetingThatWantsTLSIsKnown() {
    #expect(decode(MDCDecoder.greeting, .host) == [.wantsTLS])
    #expect(decode([0x4D, 0x44, 0xAA] + MDCDecoder.greeting, .host) == [.wantsTLS])
    // The panel's side knows none.
    #expect(decode(MDCDecoder.greeting, .panel) == [])
  }

  @Test func inputsHaveOneNameEach() {
    for (code, name) in MDCInput.names {
      #expect(MDCInput.name(code) == name && MDCInput.code(name) == code)
    }
    for code in UInt8.min...UInt8.max { #expect(MDCInput.code(MDCInput.name(code)) == MDCInput.canonical(code)) }
    #expect(MDCInput.name(0x22) == "HDMI1" && MDCInput.name(0x1F) == "DVI" && MDCInput.name(0x07) == "0x07")
    for wrong in ["", "hdmi1", "HDMI9", "0x21", "0x22", "0x7", "0x7a", "0x07 ", "7"] { #expect(MDCInput.code(wrong) == nil) }
  }

  @Test func aWallsSizeIsPackedInEitherOrder() {
    let layout = MDCWallLayout(columns: 3, rows: 2, position: 5)
    #expect(layout.data(.rowsHigh) == [0x23, 5] && layout.data(.columnsHigh) == [0x32, 5])
    for order in MDCWallLayout.Order.allCases { #expect(MDCWallLayout(layout.data(order), order) == layout) }
    #expect(MDCWallLayout([0x11], .rowsHigh) == nil)
    func isPossible(_ columns: UInt8, _ rows: UInt8, _ position: UInt8) -> Bool {
      MDCWallLayout(columns: columns, rows: rows, position: position).isPossible
    }
    #expect(isPossible(10, 10, 100) && isPossible(15, 6, 90) && isPossible(1, 1, 1))
    #expect(
      !isPossible(11, 7, 1) && !isPossible(3, 2, 7) && !isPossible(3, 2, 0) && !isPossible(0, 2, 1) && !isPossible(16, 1, 1))
  }

  @Test func valuesAreReadAndWrittenBack() {
    let condition = MDCErrorStatus(
      lampFailed: true, isTooHot: true, sensorFailed: true, sync: .none, celsius: 71, fanFailed: true)
    #expect(MDCErrorStatus(condition.data) == condition)
    #expect(MDCErrorStatus([0, 0, 0, 9, 42, 0]) == nil && MDCErrorStatus([0, 0, 0, 0, 42]) == nil)
    #expect(MDCHours.read([0x17, 0x70]) == 1_000 && MDCHours.read([0x01, 0x00, 0x00]) == 10_922)
    #expect(MDCHours.read([]) == nil && MDCHours.read([1]) == nil && MDCHours.read([1, 2, 3, 4]) == nil)
    #expect(MDCStatus([2, 0, 0, 0x21]) == nil && MDCStatus([1, 0, 0]) == nil)
  }
}
