import CCIDCodec
import DeviceKit
import DeviceVocabulary
import Transports

/// A reader by way of the system's service for cards (PC/SC, pcscd), on the reader's thread.
final class SmartCardService {
  private let name: String?
  private let loop: SmartCardLoop
  private var card: SmartCard?
  /// Something lies there and was told as useless.
  private var isUseless = false
  private var isReady = false

  init(_ name: String?, _ loop: SmartCardLoop) {
    self.name = name
    self.loop = loop
  }

  /// - Parameter leavesWithService: returns when the service does not answer: there is another way.
  func run(until stop: StopFlag, leavesWithService: Bool) {
    while !stop.isRaised {
      do throws(PCSCError) {
        let context = try PCSCContext(loop.orders.canceller)
        while !stop.isRaised { try follow(context, until: stop) }
      } catch {
        refuse(error)
        if error == .noService || error == .noLibrary, leavesWithService { return }
        loop.rest(seconds: 1)
      }
    }
    gone()
  }

  /// One reader, until it is not there any more.
  private func follow(_ context: PCSCContext, until stop: StopFlag) throws(PCSCError) {
    loop.orders.canceller.clear()
    let reader: String
    do throws(PCSCError) {
      reader = try context.reader(name)
    } catch .noReader {
      refuse(.noReader)
      try pausing { () throws(PCSCError) in try context.waitForReader(milliseconds: 500) }
      return
    }
    loop.refused(nil)
    loop.tell(.repaired)
    let answer = loop.orders.pages.buffer(AnswerToReset.longest)
    defer { answer.wipe() }
    var standing = PCSCContext.Standing.unknown
    while !stop.isRaised {
      // In this order: whoever wants something after it was looked for ends the waiting at once.
      loop.orders.canceller.clear()
      while let order = loop.orders.take() { obey(order, context, reader, standing.hasCard) }
      var next = standing
      try pausing { () throws(PCSCError) in
        next = try context.wait(reader, since: standing, milliseconds: 500, answerToReset: answer)
      }
      if next == .unknown { continue }
      guard next.isThere else { return gone() }
      if !isReady { loop.tell(.ready) }
      isReady = true
      if !next.hasCard || next.changes != standing.changes { removed() }
      standing = next
      if next.hasCard, card == nil, !isUseless { laid(context, reader, answer, isMute: next.isMute) }
    }
  }

  /// Somebody who wants something ends the waiting, and nothing else.
  private func pausing(_ body: () throws(PCSCError) -> Void) throws(PCSCError) {
    do throws(PCSCError) {
      try body()
    } catch .cancelled {
      return
    }
  }

  private func laid(_ context: PCSCContext, _ reader: String, _ answer: SecretBuffer, isMute: Bool) {
    guard !isMute else { return useless(.mute) }
    do throws(PCSCError) {
      let spoken = try context.connect(reader)
      let uid = loop.settings.asksUID ? askUID(spoken) : nil
      loop.lastCard += 1
      let own = loop.orders.pages.buffer(AnswerToReset.longest)
      answer.withSpan { bytes in for index in bytes.indices { own.append(bytes[index]) } }
      let made = SmartCard(number: loop.lastCard, answerToReset: own, uid: uid)
      card = made
      loop.tell(.present(made))
    } catch .cardUnusable {
      useless(.mute)
    } catch .cardRemoved {
      // It will be told next.
    } catch {
      // Another program may have it to itself for a while: asked again in half a second.
      loop.refused("\(error)")
    }
  }

  private func useless(_ defect: SmartCardDefect) {
    isUseless = true
    loop.tell(.unusable(defect))
  }

  private func askUID(_ card: PCSCCard) -> SecretBuffer? {
    let answer = loop.orders.pages.buffer(258)
    defer { answer.wipe() }
    guard (try? card.transmit(CardCommand.uid, into: answer)) != nil else { return nil }
    let uid = loop.orders.pages.buffer(10)
    let isUID = answer.withSpan { bytes in
      guard (6...12).contains(bytes.count), bytes[bytes.count - 2] == 0x90, bytes[bytes.count - 1] == 0 else { return false }
      for index in 0..<bytes.count - 2 { uid.append(bytes[index]) }
      return true
    }
    return isUID ? uid : nil
  }

  // MARK: commands

  private func obey(_ order: SmartCardOrders.Order, _ context: PCSCContext, _ reader: String, _ hasCard: Bool) {
    guard let command = CardCommand(order.command) else { return order.answer(.failure(.notACommand)) }
    guard hasCard else { return order.answer(.failure(.noCard)) }
    let end = MonotonicClock.now() + (order.limit ?? loop.settings.commandLimit)
    do throws(PCSCError) {
      let answer = try converse(command, try context.connect(reader))
      guard MonotonicClock.now() <= end else {
        answer.wipe()
        return order.answer(.failure(.timedOut))
      }
      order.answer(.success(answer))
    } catch {
      switch error {
      case .cardRemoved: order.answer(.failure(.cardRemoved))
      case .shared: order.answer(.failure(.busy))
      case .answerTooLong: order.answer(.failure(.answerTooLong))
      case .noService, .noLibrary, .noReader: order.answer(.failure(.outOfOrder))
      default: order.answer(.failure(.cardFailed))
      }
    }
  }

  /// The card may have more, or want to be asked with another length (ISO/IEC 7816-4, 5.3.4).
  private func converse(_ command: CardCommand, _ card: PCSCCard) throws(PCSCError) -> SecretBuffer {
    let whole = loop.orders.pages.buffer(loop.settings.longestAnswer)
    let part = loop.orders.pages.buffer(loop.settings.longestAnswer)
    defer { part.wipe() }
    var asking = command.bytes
    for round in 0..<loop.settings.roundLimit {
      try card.transmit(asking, into: part)
      let (length, first, second) = part.withSpan { bytes in
        bytes.count < 2 ? (0, UInt8(0), UInt8(0)) : (bytes.count - 2, bytes[bytes.count - 2], bytes[bytes.count - 1])
      }
      var next: [UInt8]?
      if first == 0x61 { next = command.response(second) }
      if first == 0x6C, length == 0 { next = round == 0 ? command.expecting(second) : command.response(second) }
      let taken = next == nil ? part.count : length
      let fits = part.withSpan { bytes in
        for index in 0..<taken where !whole.append(bytes[index]) { return false }
        return true
      }
      guard fits else {
        whole.wipe()
        throw .answerTooLong
      }
      guard let next else { return whole }
      asking = next
    }
    whole.wipe()
    throw .cardUnusable
  }

  // MARK: what is over

  private func removed() {
    guard card != nil || isUseless else { return }
    card?.wipe()
    card = nil
    isUseless = false
    loop.tell(.removed)
  }

  private func gone() {
    removed()
    if isReady { loop.tell(.detached) }
    isReady = false
  }

  private func refuse(_ error: PCSCError) {
    loop.refused("\(error)")
    gone()
    while let order = loop.orders.take() { order.answer(.failure(.outOfOrder)) }
    loop.tell(.repairNeeded(error == .noService || error == .noLibrary ? .noService : .absent))
  }
}
