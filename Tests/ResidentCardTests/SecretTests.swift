import DeviceVocabulary
import Synchronization
import Testing

@Suite struct SecretTests {
  @Test func aBufferTakesNoMoreThanItsCapacityAndForgetsWhenItIsWiped() {
    let buffer = SecretBuffer(capacity: 3)
    #expect(buffer.append(1) && buffer.append(2) && buffer.append(3) && !buffer.append(4))
    #expect(contents(buffer) == [1, 2, 3] && buffer.count == 3)
    #expect(buffer.fill(from: [9, 8, 7, 6]) == 3 && contents(buffer) == [9, 8, 7])
    // What lies behind the end is gone, too.
    buffer.fill(from: [5])
    buffer.wipe()
    #expect(buffer.isEmpty)
    #expect(buffer.fill { memory in memory.allSatisfy { $0 == 0 } ? memory.count : 0 } == 3)
    #expect(buffer.fill { _ in 99 } == 3 && buffer.fill { _ in -1 } == 0)
    #expect(SecretBuffer(capacity: .max).capacity == SecretBuffer.largest && SecretBuffer(capacity: -1).capacity == 1)
  }

  @Test func itsPagesAreKeptAndGivenBackErased() {
    final class Log: Sendable {
      let lines = Mutex<[String]>([])
    }
    let log = Log()
    var buffer: SecretBuffer? = SecretBuffer(capacity: 5000) { memory, moment in
      log.lines.withLock { $0.append("\(moment) \(memory.count) \(memory.allSatisfy { $0 == 0 })") }
    }
    buffer?.fill { memory in
      memory.initializeMemory(as: UInt8.self, repeating: 0xA5)
      return memory.count
    }
    #expect(log.lines.withLock { $0 } == ["taken 8192 true"] && buffer?.count == 5000)
    buffer = nil
    #expect(log.lines.withLock { $0 } == ["taken 8192 true", "returned 8192 true"])
  }

  /// A kernel writes there while nobody looks.
  @Test func whatIsLentIsErasedWheneverItCameIn() {
    let buffer = SecretBuffer(capacity: 64)
    let memory = buffer.lend()
    #expect(memory.count == 64 && buffer.isEmpty)
    memory[0] = 7
    memory[63] = 8
    // Wiped in the middle, and written to again.
    buffer.wipe()
    #expect(memory[0] == 0 && memory[63] == 0)
    memory[63] = 9
    buffer.takeBack(filled: 1)
    #expect(buffer.count == 1)
    buffer.wipe()
    #expect(memory.allSatisfy { $0 == 0 } && buffer.isEmpty)
    _ = buffer.lend()
    buffer.takeBack(filled: 1000)
    #expect(buffer.count == 64)
  }

  @Test func nothingOfItIsPrinted() {
    struct Holder {
      var buffer: SecretBuffer
      var text: Sensitive<String>
      var number: Sensitive<Int>
    }
    let buffer = SecretBuffer(capacity: 16)
    buffer.fill(from: "CANARY".utf8)
    let holder = Holder(buffer: buffer, text: Sensitive("CANARY", what: "test"), number: Sensitive(20_201_231, what: "test"))
    for value: Any in [buffer, holder, holder.text, holder.number, [holder], Optional(holder) as Any] {
      var dumped = ""
      dump(value, to: &dumped)
      for text in [String(describing: value), String(reflecting: value), "\(value)", dumped] {
        #expect(!text.contains("CANARY") && !text.contains("20201231"), "\(text)")
      }
    }
    #expect(Mirror(reflecting: buffer).children.isEmpty && Mirror(reflecting: holder.text).children.isEmpty)
    // The check finds what it looks for.
    #expect("\(["CANARY"])".contains("CANARY"))
  }

  @Test func aValueIsOpenedOnlyWithAnEntryOfTheAudit() {
    let value = Sensitive("something", what: "card")
    var audit: [SecretOpening] = []
    #expect(value.open(for: .fillForm) { _ in false } == nil)
    #expect(
      value.open(for: .seal) {
        audit.append($0)
        return true
      } == "something")
    #expect(audit == [SecretOpening(what: "card", purpose: .seal)])
    #expect(!(value as Any is any Encodable) && !(value as Any is any Hashable) && !(value as Any is any Equatable))
    #expect(!(SecretBuffer(capacity: 1) as Any is any Encodable) && !(SecretBuffer(capacity: 1) as Any is any Hashable))
  }
}
