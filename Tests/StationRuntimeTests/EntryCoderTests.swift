import DeviceKit
import DeviceVocabulary
import Station
import StationRuntime
import Testing

/// What the bytes of a child may do to its parent: nothing.
@Suite struct EntryCoderTests {
  private let coder = EntryCoder()

  private func body(wall: String, monotonic: String = "5", change: String = #"{"stopped":{}}"#) -> [UInt8] {
    Array(#"{"v":1,"at":{"wall":\#(wall),"sync":true,"boot":"b","mono":\#(monotonic)},"change":\#(change)}"#.utf8)
  }

  /// The bytes are kept, but what says a time that no clock has decides nothing.
  @Test func aChildsEntryWithATimeThatCannotBeIsKeptAndNotFolded() throws {
    #expect(coder.content(body(wall: "1790000000000"))?.change == .stopped)
    for wall in ["-9223372036854775808", "0", "946684799999", "7258118400000", "9223372036854775807", "1e300"] {
      #expect(coder.content(body(wall: wall)) == nil, "\(wall)")
    }
    #expect(coder.content(body(wall: "1790000000000", monotonic: "-1")) == nil)
    let received = Received(
      child: "c", position: JournalPosition(epoch: 1, sequence: 1), hash: .zero, before: .start, isLate: false,
      body: body(wall: "-9223372036854775808", change: #"{"proofAsked":{"_0":1}}"#), content: nil)
    let time = EntryTime(wallMilliseconds: 1_790_000_000_000, synchronised: true, boot: "p", monotonic: .zero)
    let read = try coder.decode(coder.encode(Entry(time: time, change: .received(received))))
    #expect(read.change == .received(received))
    var state = StationState()
    state.apply(read)
    #expect(state.child("c")?.cursor.head.position == received.position && state.child("c")?.fold.entries == 0)
  }

  private func received(body: [UInt8]) -> Entry {
    Entry(
      time: EntryTime(wallMilliseconds: 1_790_000_000_000, synchronised: true, boot: "p", monotonic: .zero),
      change: .received(
        Received(
          child: "c", position: JournalPosition(epoch: 1, sequence: 1), hash: .zero, before: .start, isLate: false, body: body,
          content: nil)))
  }

  /// A child whose child's child … : each level of it is a line, and whoever made it may write as many as it likes.
  @Test func entriesInEntriesAreReadFourLevelsDeepHoweverManyThereAre() async throws {
    var bytes = body(wall: "1790000000000")
    for _ in 0..<3 { bytes = try coder.encode(received(body: bytes)) }
    var depth = 0
    var entry = coder.content(bytes)
    while case .received(let inner)? = entry?.change { (depth, entry) = (depth + 1, inner.content) }
    #expect(depth == 3 && entry?.change == .stopped)

    let line = try coder.encode(received(body: []))
    let many = Array(repeating: line, count: 4000).joined()
    // On a thread of the pool, with its small stack, as the line reads it.
    let deepest = await Task.detached {
      var depth = 0
      var entry = EntryCoder().content(Array(many))
      while case .received(let inner)? = entry?.change { (depth, entry) = (depth + 1, inner.content) }
      return depth
    }.value
    #expect(deepest == 4)
  }

  /// What an entry's own line says its content were is not the child's bytes: it is neither believed nor read at any depth.
  @Test func contentThatIsWrittenIntoTheLineIsNotBelieved() async throws {
    let head = #"{"position":"1/1","hash":"\#(EntryHash.zero)"}"#
    let inner =
      #"{"v":1,"at":{"wall":1790000000000,"sync":true,"boot":"b","mono":5},"change":{"received":{"_0":"#
      + #"{"child":"c","position":"1/1","hash":"\#(EntryHash.zero)","before":\#(head),"late":false,"body":[],"content":"#
    for levels in [1, 3, 100, 127, 200, 4000] {
      let end = #"{"v":1,"at":{"wall":-9223372036854775808,"sync":true,"boot":"b","mono":5},"change":{"stopped":{}}}"#
      let text = String(repeating: inner, count: levels) + end + String(repeating: "}}}}", count: levels)
      let content = await Task.detached { EntryCoder().content(Array(text.utf8)) }.value
      guard case .received(let received)? = content?.change else { continue }
      #expect(received.content == nil && levels < 200)
    }
  }
}
