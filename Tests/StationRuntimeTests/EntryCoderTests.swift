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
}
