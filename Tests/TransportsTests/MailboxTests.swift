import DeviceKit
import Foundation
import Synchronization
import Testing
import Transports

@Suite struct MailboxTests {
  @Test func keepsTheOrderOfSendingAcrossKinds() {
    let mailbox = BoundedMailbox<Int>(capacity: 4, reserve: 4)
    for value in 0..<8 { #expect(mailbox.send(value, value.isMultiple(of: 2) ? .irreplaceable : .replaceable) == .accepted) }
    var batch: [Int] = []
    #expect(mailbox.receive(into: &batch, limit: 3) == 3)
    #expect(mailbox.receive(into: &batch) == 5)
    #expect(batch == Array(0..<8))
  }

  @Test func dropsTheOldestReplaceableAndCountsIt() {
    let mailbox = BoundedMailbox<Int>(capacity: 2, reserve: 1)
    #expect(mailbox.send(-1, .irreplaceable) == .accepted)
    #expect(mailbox.send(0, .replaceable) == .accepted)
    #expect(mailbox.send(1, .replaceable) == .accepted)
    #expect(mailbox.send(2, .replaceable) == .acceptedDroppingOldest)
    var batch: [Int] = []
    mailbox.receive(into: &batch)
    #expect(batch == [-1, 1, 2])
    let counters = mailbox.counters
    #expect(counters.sent == 4 && counters.received == 3 && counters.dropped == 1 && counters.refused == 0)
    #expect(counters.highWater == 3)
  }

  @Test func refusesAnIrreplaceableValueRatherThanDropOne() {
    let mailbox = BoundedMailbox<Int>(capacity: 0, reserve: 2)
    #expect(mailbox.send(1, .irreplaceable) == .accepted)
    #expect(mailbox.send(2, .irreplaceable) == .accepted)
    #expect(mailbox.send(3, .irreplaceable) == .refused)
    #expect(mailbox.send(4, .replaceable) == .refused)
    var batch: [Int] = []
    mailbox.receive(into: &batch, limit: 1)
    #expect(mailbox.send(3, .irreplaceable) == .accepted)
    mailbox.receive(into: &batch)
    #expect(batch == [1, 2, 3])
    #expect(mailbox.counters.refused == 2)
  }

  @Test(arguments: 1...20) func agreesWithAPlainModel(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let capacity = Int(random.below(5))
    let reserve = Int(random.below(4)) + 1
    let mailbox = BoundedMailbox<Int>(capacity: capacity, reserve: reserve)
    var model: [(value: Int, kept: Bool)] = []
    for value in 0..<400 {
      if random.chance(2, in: 3) {
        let kept = random.chance(1, in: 2)
        let waiting = model.count { $0.kept == kept }
        let expected: MailboxSend
        if kept {
          expected = waiting < reserve ? .accepted : .refused
        } else if waiting < capacity {
          expected = .accepted
        } else {
          expected = capacity == 0 ? .refused : .acceptedDroppingOldest
          if let oldest = model.firstIndex(where: { !$0.kept }) { model.remove(at: oldest) }
        }
        if expected != .refused { model.append((value, kept)) }
        #expect(mailbox.send(value, kept ? .irreplaceable : .replaceable) == expected)
      } else {
        let limit = Int(random.below(4))
        var batch: [Int] = []
        mailbox.receive(into: &batch, limit: limit)
        #expect(batch == model.prefix(limit).map(\.value))
        model.removeFirst(min(limit, model.count))
      }
      #expect(mailbox.count == model.count)
    }
  }

  private struct Parcel: Sendable {
    var sender: Int
    var number: Int
    var kept: Bool
  }

  /// A lost wake-up, a lost press or one out of order shows here; the receiver takes small batches to leave rests behind.
  @Test func losesNoIrreplaceableValueAmongManySenders() throws {
    let wake = try WakeSignal()
    let mailbox = BoundedMailbox<Parcel>(capacity: 8, reserve: 4, wake: wake)
    let senders = 4
    let each = 2_000
    let finished = Mutex(0)
    for sender in 0..<senders {
      Thread.detachNewThread {
        for number in 0..<each {
          while mailbox.send(Parcel(sender: sender, number: number, kept: true), .irreplaceable) == .refused { sched_yield() }
          _ = mailbox.send(Parcel(sender: sender, number: number, kept: false), .replaceable)
        }
        finished.withLock { $0 += 1 }
      }
    }
    var nextNumber = Array(repeating: 0, count: senders)
    var disorder = 0
    var replaceable = 0
    let limit = MonotonicClock.now() + .seconds(50)
    while MonotonicClock.now() < limit {
      let done = finished.withLock { $0 } == senders && mailbox.count == 0
      if done { break }
      _ = waitForInput(-1, wake: wake, until: min(limit, MonotonicClock.now() + .seconds(2)))
      var batch: [Parcel] = []
      mailbox.receive(into: &batch, limit: 3)
      for parcel in batch {
        guard parcel.kept else {
          replaceable += 1
          continue
        }
        if parcel.number != nextNumber[parcel.sender] { disorder += 1 }
        nextNumber[parcel.sender] = parcel.number + 1
      }
    }
    #expect(nextNumber == Array(repeating: each, count: senders))
    #expect(disorder == 0)
    #expect(replaceable + mailbox.counters.dropped == senders * each)
  }
}
