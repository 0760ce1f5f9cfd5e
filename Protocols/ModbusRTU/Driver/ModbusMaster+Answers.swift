import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

// What is heard, and what it means when nothing is.
extension ModbusMaster {
  /// Gaps inside a frame that an adapter may put there (FTDI's latency timer: 16 ms).
  private static var longestGap: Interval { .milliseconds(20) }

  /// `bytes` are not changed: they are not copied so.
  mutating func hear(_ bytes: inout FixedBytes<256>, at now: Instant) {
    guard phase != .down, !bytes.isEmpty else { return }
    silenceUntil = max(silenceUntil, now + settings.timing.silence)
    watch.heard(at: now)
    lineStatistics.bytesHeard &+= UInt32(truncatingIfNeeded: bytes.count)
    let garbage = decoder.garbageBytes
    let echoes = decoder.echoesDropped
    var unasked = 0
    var position = 0
    while position < bytes.count {
      let start = position
      var isFound = decoder.push(&bytes, from: &position)
      unasked += unaskedBytes(of: position - start)
      while isFound {
        if takeFrame(at: now) { unasked = 0 }
        isFound = decoder.findNext()
      }
    }
    lineStatistics.echoesDropped &+= decoder.echoesDropped &- echoes
    note(garbage: decoder.garbageBytes &- garbage)
    if unasked > 0, watch.unsolicited(unasked, at: now) { jam(at: now) }
  }

  /// How many of the next `count` bytes are more than the answer that is waited for can have.
  private mutating func unaskedBytes(of count: Int) -> Int {
    guard phase == .waiting else { return count }
    exchange.bytesHeard += count
    // The echo may come on top of the answer.
    let excess = exchange.bytesHeard - exchange.longestAnswer - (settings.dropsEcho ? ModbusLimit.frameBytes : 0)
    return min(count, max(0, excess))
  }

  /// Takes the frame that the decoder has found. True when it was one that somebody had asked for, if late.
  private mutating func takeFrame(at now: Instant) -> Bool {
    let index = slotOfAddress[Int(decoder.frame.address)]
    if phase == .waiting, index == exchange.slot {
      switch decoder.match(request: &exchange.request) {
      case .matches:
        if nodes[index].accepts(decoder.frame.pdu) {
          answered(at: now)
        } else {
          // An answer to the try before: the one that is waited for still comes.
          slots[index].statistics.late &+= 1
        }
        return true
      case .malformed:
        slots[index].statistics.malformed &+= 1
        exchange.failure = .malformed
      case .otherFunction:
        slots[index].statistics.late &+= 1
        exchange.failure = .foreignAnswer
      }
      return false
    }
    if phase == .waiting {
      slots[exchange.slot].statistics.foreign &+= 1
      exchange.failure = .foreignAnswer
    }
    guard index >= 0 else {
      lineStatistics.strangerFrames &+= 1
      return false
    }
    return takeLate(index, at: now)
  }

  /// A frame of a node that is not being asked: late, or from nowhere. It is never handed to a driver; a late one teaches how long the
  /// node takes.
  private mutating func takeLate(_ index: Int, at now: Instant) -> Bool {
    let age = now - slots[index].requestEnd
    guard slots[index].owesAnswer, age < replyCeiling(of: index) * 4 else {
      slots[index].statistics.foreign &+= 1
      lineStatistics.strangerFrames &+= 1
      return false
    }
    slots[index].owesAnswer = false
    slots[index].statistics.late &+= 1
    let length = decoder.frame.pdu.bytes.count + 3
    let begin = age - settings.timing.interval(ofCharacters: length)
    slots[index].statistics.lateMicroseconds = UInt32(clamping: begin.microseconds)
    watch.wasAsked(length)
    observe(index, requestEnd: slots[index].requestEnd, answerLength: length, at: now)
    return true
  }

  private mutating func observe(_ index: Int, requestEnd: Instant, answerLength: Int, at now: Instant) {
    let turnaround = now - requestEnd - settings.timing.interval(ofCharacters: answerLength)
    // What comes later than the longest reply is not an answer to that request, or the host slept.
    slots[index].estimate.observe(min(turnaround, replyCeiling(of: index)))
    slots[index].statistics.turnaroundMicroseconds = UInt32(clamping: slots[index].estimate.mean ?? 0)
  }

  private mutating func answered(at now: Instant) {
    let index = exchange.slot
    let length = decoder.frame.pdu.bytes.count + 3
    // A shorter answer than was waited for (an exception) does not wake the thread that waits: when it came is not known.
    if length >= exchange.standardAnswer || exchange.standardAnswer == ModbusLimit.frameBytes {
      observe(index, requestEnd: exchange.requestEnd, answerLength: length, at: now)
    }
    slots[index].statistics.answers &+= 1
    if decoder.frame.pdu.isException { slots[index].statistics.exceptions &+= 1 }
    let wasLost = slots[index].isLost
    slots[index].recover()
    if exchange.toleratesLateAnswers { slots[index].noteCost(now - exchange.start, at: now) }
    phase = .idle
    decoder.end()
    absolve(at: now)
    tell(index, .answered(decoder.frame.pdu, roundTrip: now - exchange.requestEnd), at: now)
    if wasLost { lineRestored(index, at: now) }
  }

  /// The reply is due. A frame under way is waited for; a frame behind garbage is looked for.
  mutating func timeOut(at now: Instant) {
    if decoder.pendingBytes > 0, now - watch.lastHeard < Self.longestGap, now < exchange.latestReply {
      exchange.replyBy = min(watch.lastHeard + Self.longestGap, exchange.latestReply)
      return
    }
    let garbage = decoder.garbageBytes
    let isEchoBroken = decoder.echoBroken
    while phase == .waiting, decoder.settle() != nil { _ = takeFrame(at: now) }
    note(garbage: decoder.garbageBytes &- garbage)
    guard phase == .waiting else { return }
    let index = exchange.slot
    slots[index].statistics.timeouts &+= 1
    if isEchoBroken { lineStatistics.echoesBroken &+= 1 }
    if exchange.failure == .silent, decoder.garbageBytes != exchange.garbageAtStart || isEchoBroken {
      exchange.failure = .garbled
      slots[index].statistics.crcErrors &+= 1
    }
    decoder.end()
    phase = .idle
    slots[index].owesAnswer = true
    slots[index].lastFailure = exchange.failure
    slots[index].attempts += 1
    // Without a token, an answer that is still on its way would be taken for the answer to the next request.
    if !exchange.toleratesLateAnswers { slots[index].barredUntil = exchange.latestReply }
    if mayRetry(index) {
      noteWish(of: index)
      if exchange.toleratesLateAnswers { rotation.retry = index } else { slots[index].againAt = now }
      return
    }
    concludeFailure(of: index, exchange.failure, cost: now - exchange.start, at: now)
  }

  private mutating func mayRetry(_ index: Int) -> Bool {
    slots[index].attempts <= settings.retries && slots[index].failures == 0 && !slots[index].isLost && !watch.isSuspect
      && !watch.isSearching
  }

  /// A poll has failed for good. `cost`: line time that the last try took.
  mutating func concludeFailure(of index: Int, _ failure: ModbusFailure, cost: Interval, at now: Instant) {
    slots[index].attempts = 0
    slots[index].failures += 1
    watch.failed(failure, isFirst: slots[index].failedStretch != watch.stretch, at: now)
    slots[index].failedStretch = watch.stretch
    tell(index, .failed(failure), at: now)
    if let verdict = watch.verdict(everyNodeFailed: everyNodeFailed, at: now) { condemn(verdict, at: now) }
    if slots[index].isLost || slots[index].failures >= settings.failuresUntilLost {
      lose(index, failure, cost: cost, at: now)
    } else {
      slots[index].againAt = now + settings.pollAgainAfterFailure
    }
    // While nobody answers, everybody is asked: that tells a dead bus from dead nodes.
    guard watch.isSuspect else { return }
    for other in slots.indices where !slots[other].isLost { slots[other].againAt = min(slots[other].againAt, now) }
  }

  private mutating func lose(_ index: Int, _ failure: ModbusFailure, cost: Interval, at now: Instant) {
    let answersWrongly = failure == .malformed || failure == .foreignAnswer
    slots[index].lose(answersWrongly ? .faulted : (slots[index].wasHeard ? .stale : .absent), stretch: watch.stretch)
    rotation.unsaid = 1
    let wait = watch.isSearching ? settings.searchInterval : slots[index].backOff(cost: cost)
    slots[index].notBefore = max(slots[index].notBefore, now + wait)
  }

  /// Every node that was not lost before this stretch has failed in it.
  private var everyNodeFailed: Bool {
    mutating get {
      for index in slots.indices where !slots[index].isShadowed {
        let wasLostBefore = slots[index].isLost && slots[index].lostStretch != watch.stretch
        if !wasLostBefore && slots[index].failedStretch != watch.stretch { return false }
      }
      return true
    }
  }

  mutating func finishBroadcast(at now: Instant) {
    phase = .idle
    decoder.end()
    slots[exchange.slot].attempts = 0
    tell(exchange.slot, .answered(exchange.request, roundTrip: .zero), at: now)
  }

  /// Bytes without end: the request under way is given up, and nothing is sent until the line is quiet.
  private mutating func jam(at now: Instant) {
    if phase == .waiting {
      phase = .idle
      decoder.end()
      slots[exchange.slot].attempts = 0
      slots[exchange.slot].owesAnswer = true
      tell(exchange.slot, .failed(.garbled), at: now)
    }
    rotation.retry = nil
    condemn(.jammed, at: now)
  }

  private mutating func note(garbage: UInt32) {
    if phase == .waiting {
      slots[exchange.slot].statistics.garbageBytes &+= garbage
    } else {
      lineStatistics.unsolicitedBytes &+= garbage
    }
  }
}
