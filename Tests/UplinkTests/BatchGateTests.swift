import DeviceVocabulary
import Foundation
import Journal
import NIOConcurrencyHelpers
import NIOCore
import StationLinkCodec
import Testing

@testable import Uplink

/// Large batches take turns, so that a call is never behind all of them.
@Suite(.timeLimit(.minutes(1))) struct BatchGateTests {
  /// Work that goes on until it is told to end.
  private final class Work: Sendable {
    private let state = NIOLockedValueBox(
      (begun: [Int](), ended: Set<Int>(), waiting: [Int: [CheckedContinuation<Void, Never>]]()))

    var begun: [Int] { state.withLockedValue { $0.begun } }

    func run(_ number: Int) async {
      await withCheckedContinuation { continuation in
        let isOver = state.withLockedValue { state in
          state.begun.append(number)
          if state.ended.contains(number) { return true }
          state.waiting[number, default: []].append(continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    }

    func end(_ number: Int) {
      let waiting = state.withLockedValue { state in
        state.ended.insert(number)
        return state.waiting.removeValue(forKey: number) ?? []
      }
      for continuation in waiting { continuation.resume() }
    }
  }

  private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

  @Test func asManyAsThereArePlacesAndTheOthersInOrder() async {
    let (gate, work) = (BatchGate(places: 2), Work())
    var tasks: [Task<Int?, Never>] = []
    for number in 0..<6 {
      tasks.append(
        Task {
          await gate.pass(of: "\(number)") {
            await work.run(number); return number
          }
        })
      await until { work.begun.count + gate.waiting == number + 1 }
    }
    #expect(work.begun == [0, 1])
    for number in 0..<6 {
      #expect(work.begun == Array(0..<min(number + 2, 6)))
      work.end(number)
      #expect(await tasks[number].value == number)
      await until { work.begun.count == min(number + 3, 6) }
    }
    #expect(gate.waiting == 0)
    #expect(await gate.pass(of: "a") { 7 } == 7)
  }

  @Test func whoWaitedTooLongIsSentAwayAndTheNextGoesIn() async {
    let time = NIOLockedValueBox(NIODeadline.uptimeNanoseconds(0))
    let gate = BatchGate(places: 1, patience: .seconds(20)) { time.withLockedValue { $0 } }
    let work = Work()
    let first = Task { await gate.pass(of: "0") { await work.run(0) } != nil }
    await until { work.begun == [0] }
    let late = Task { await gate.pass(of: "1") { await work.run(1) } != nil }
    await until { gate.waiting == 1 }
    time.withLockedValue { $0 = .uptimeNanoseconds(0) + .seconds(21) }
    let next = Task { await gate.pass(of: "2") { await work.run(2) } != nil }
    await until { gate.waiting == 2 }
    work.end(0)
    #expect(await first.value)
    #expect(await !late.value)
    await until { work.begun == [0, 2] }
    work.end(2)
    #expect(await next.value)
    #expect(gate.waiting == 0)
  }

  @Test func aSmallBatchIsTakenWhileLargeOnesWait() async throws {
    let work = Work()
    let rig = try LinkRig(taking: { entries in if entries.count > 1 { await work.run(entries.count) } })
    let entries = Self.entries(400)
    let large = Array(try EventBatch.encode(entries, station: rig.child))
    #expect(large.count > BatchGate.largeBytes)
    let small = Array(try EventBatch.encode([entries[0]], station: rig.child))
    @Sendable func send(_ body: [UInt8]) async throws -> String {
      try await rig.curl(
        "--output", "/dev/null", "--write-out", "%{http_code}", "-H", "content-type: \(LinkProtocol.batchType)", "--data-binary",
        "@-", "https://yunfeng/link/v1/events", input: Data(body))
    }
    let waiting = (0..<2).map { _ in Task { try await send(large) } }
    try await rig.waitUntil("both are worked on") { work.begun.count == 2 }
    // One child does not hold all places, and its calls pass.
    #expect(try await send(large) == "503")
    #expect(try await send(small) == "200")
    #expect(work.begun.count == 2)
    work.end(400)
    for task in waiting { #expect(try await task.value == "200") }
    #expect(rig.bodies.count == 400)
  }

  private static func entries(_ count: Int) -> [LinkEntry] {
    var head = JournalHead.start
    return (1...UInt64(count)).map { number in
      let body = Array("entry \(number)".utf8)
      let before = head
      let position = JournalPosition(epoch: 1, sequence: number)
      head = JournalHead(position: position, hash: .chained(after: before.hash, at: position, body: body))
      return LinkEntry(
        position: position, hash: head.hash, before: before,
        time: LinkTime(wallMilliseconds: 1_790_000_000_000, isSynchronised: true, boot: "b", monotonicMicroseconds: number),
        isLate: false, body: body)
    }
  }
}
