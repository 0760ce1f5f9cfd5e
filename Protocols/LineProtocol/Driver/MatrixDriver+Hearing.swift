import DeviceKit
import DeviceVocabulary
import LineProtocolCodec

extension MatrixDriver {
  mutating func received(_ bytes: [UInt8], at now: Instant) {
    for byte in bytes {
      switch state {
      // What comes after the line was given up is nobody's.
      case .down, .opening, .shut: return
      case .greeting, .hello, .ready: break
      }
      hasHeard = true
      dialect.push(byte, into: &heardBuffer)
      guard !heardBuffer.isEmpty else { continue }
      for heard in heardBuffer { hear(heard, at: now) }
      heardBuffer.removeAll(keepingCapacity: true)
    }
    if case .greeting = state, isGreetedPerhaps {
      state = .greeting(until: min(now + Self.greetedGrace, lastTalk + Self.connectLimit))
    }
    // One that says much after a silence may have more on its way.
    if flight == nil, misses > 0 { nextSend = max(nextSend, now + Self.pushGrace) }
  }

  private mutating func hear(_ heard: MatrixHeard, at now: Instant) {
    switch heard {
    case .unknown: return doubt(at: now)
    case .tooLong: return lineLost(.faulted, at: now)
    case .notThere: return lineLost(.faulted, at: now)
    case .passwordWrong: return passwordRefused(at: now)
    case .wantsPassword:
      hasUnderstood = true
      guard let bytes = dialect.bytes(.login) else { return shut(at: now) }
      outbox.append(.write(bytes))
      dialect.asked(.login)
      if case .greeting = state { state = .greeting(until: now + Self.connectLimit) }
      return
    default: hasUnderstood = true
    }
    switch heard {
    case .greeted: if case .greeting = state { beginHello(at: now) }
    case .greetedPerhaps:
      isGreetedPerhaps = true
      // On each of its many lines it says the same, and nobody has to log in.
      if case .greeting = state, isBrief, dialect.bytes(.login) == nil { beginHello(at: now) }
    case .described(let new):
      description.add(believed(new))
      if case .hello? = flight?.request { answered(at: now) }
    case .restarted:
      flight = nil
      forget(at: now)
      beginHello(at: now)
    case .route(let route): hear(route, at: now)
    case .routeOfAll(let input): hear(ofAll: input, at: now)
    case .input(let input): hear(input: input, at: now)
    case .acknowledged: acknowledged(at: now)
    case .alive: isAlive(at: now)
    case .refused(let text): refused(.refused(text), at: now)
    case .hasNone(let text): refused(.impossible(text), at: now)
    case .unknown, .tooLong, .notThere, .passwordWrong, .wantsPassword: break
    }
  }

  /// What it said of itself may be damaged as well.
  private mutating func doubt(at now: Instant) {
    lastNoise = now
    guard dialect.traits.hellos > 0 else { return }
    switch state {
    case .hello: hasDoubt = true
    case .ready:
      hasDoubt = true
      nextHello = min(nextHello, now + Self.doubtInterval)
    case .greeting: hasDoubt = hasDoubt || dialect.traits.greetsWithAll
    case .down, .opening, .shut: break
    }
  }

  private mutating func isAlive(at now: Instant) {
    switch flight?.request {
    case .keepAlive?:
      needsSync = false
      answered(at: now)
      if !canRead { proveByPushes(at: now) }
    case .hello?: answered(at: now)
    default: break
    }
  }

  private mutating func hear(_ route: MatrixRoute, at now: Instant) {
    var isReadBack = false
    var isDone = false
    switch flight?.request {
    case .readAll?:
      isReadBack = true
      if isThere(route.output) { flight?.heard.insert(route.output) }
      isDone = isWhole
    case .read(let output)? where output == route.output && readsAreNamed == nil:
      // News, or the answer: that is known when no bare number follows.
      flight?.named = route.input
      let due = flight?.due ?? now
      flight?.due = min(due, now + .milliseconds(150))
    case .read(let output)? where output == route.output && readsAreNamed == true:
      isReadBack = true
      isDone = true
    case .routes(let routes)? where dialect.traits.echoesRoutes && routes.contains { $0.output == route.output }:
      return acknowledged(at: now)
    default: break
    }
    observed(route.output, route.input, isReadBack: isReadBack, at: now)
    if isDone { answered(at: now) }
  }

  mutating func observed(_ output: UInt16, _ input: UInt16, isReadBack: Bool, at now: Instant) {
    mute[output] = nil
    portMisses[output] = nil
    tell(ports.observed(output, .route(input), isReadBack: isReadBack, at: now))
    if isReadBack { readBack.removeAll { $0 == output } }
  }

  private mutating func hear(input: UInt16, at now: Instant) {
    guard case .read(let output)? = flight?.request else { return }
    readsAreNamed = false
    observed(output, input, isReadBack: true, at: now)
    answered(at: now)
  }

  /// All outputs were named that there are, or that matter.
  private var isWhole: Bool {
    guard let heard = flight?.heard else { return false }
    guard let outputs else { return ports.ports.allSatisfy { heard.contains($0.number) } }
    return heard.count >= Int(outputs)
  }

  /// Of the wall's outputs: how many others it says it has is its own business.
  private mutating func hear(ofAll input: UInt16, at now: Instant) {
    for port in ports.ports where isThere(port.number) { hear(MatrixRoute(port.number, from: input), at: now) }
    if case .readAll? = flight?.request { answered(at: now) }
  }

  /// A size that no matrix has is a bit that a line turned over, or worse.
  private func believed(_ new: MatrixDescription) -> MatrixDescription {
    var new = new
    let sizes = 1...dialect.traits.sizeLimit
    new.inputs = new.inputs.flatMap { sizes.contains($0) ? $0 : nil }
    new.outputs = new.outputs.flatMap { sizes.contains($0) ? $0 : nil }
    return new
  }

  private mutating func acknowledged(at now: Instant) {
    guard let flight else { return }
    switch flight.request {
    case .routes:
      salvo.removeAll { flight.ports.contains($0) }
      readBack += flight.ports.filter { !readBack.contains($0) }
      answered(at: now)
      if dialect.traits.pushes, !canRead { nextSend = now + Self.pushGrace }
    case .keepAlive where dialect.traits.keepAliveIsAcknowledged: isAlive(at: now)
    case .hello: answered(at: now)
    case .keepAlive, .read, .readAll, .login: break
    }
  }

  /// What it would have said if it were otherwise is so.
  private mutating func proveByPushes(at now: Instant) {
    for port in ports.ports {
      if case .route(let input)? = port.fact { observed(port.number, input, isReadBack: false, at: now) }
    }
  }

  private mutating func refused(_ refusal: WallRefusal, at now: Instant) {
    guard let flight else { return }
    if case .keepAlive = flight.request {
      // It knows no such question, and is there; or this is the late answer to something else.
      return dialect.traits.keepAliveIsAcknowledged ? isAlive(at: now) : ()
    }
    answered(at: now)
    switch flight.request {
    case .routes where flight.ports.count > 1:
      // One of them is to blame; each is tried alone.
      salvo = flight.ports + salvo.filter { !flight.ports.contains($0) }
      isSalvoWhole = false
    case .routes:
      salvo.removeAll { flight.ports.contains($0) }
      for port in flight.ports { tell(ports.failed(port, refusal, at: now)) }
    case .read(let output): silent(output, refusal, at: now)
    case .readAll: readsWholeFails = true
    case .keepAlive, .hello, .login: break
    }
  }

  /// An output that cannot be read: the others do not wait for it.
  private mutating func silent(_ output: UInt16, _ refusal: WallRefusal, at now: Instant) {
    let isNoisy = lastNoise.map { now - $0 <= Self.noisyLimit } ?? false
    mute[output] = now + (isNoisy ? Self.noisyLimit : Self.muteFor)
    if readBack.contains(output) { tell(ports.failed(output, refusal, at: now)) }
    readBack.removeAll { $0 == output }
  }

  mutating func answered(at now: Instant) {
    if case .hello(let step) = state {
      state = .hello(step + 1)
      helloDone = step + 1
    }
    switch flight?.request {
    case .readAll?:
      wholeMisses = 0
      nextProof = now + dialect.traits.proofInterval
    case .keepAlive? where !canRead: nextProof = now + dialect.traits.proofInterval
    default: break
    }
    flight = nil
    misses = 0
    answers += 1
    if answers > 1 { briefLines = 0 }
    nextSend = now + dialect.traits.pause
    lastTalk = now
  }

  mutating func unanswered(_ flight: Flight, at now: Instant) {
    if case .read(let output) = flight.request, let input = flight.named {
      readsAreNamed = true
      observed(output, input, isReadBack: true, at: now)
      return answered(at: now)
    }
    self.flight = nil
    misses += 1
    guard misses < dialect.traits.missLimit else { return breakOff(at: now) }
    lastTalk = now
    if case .hello(let step) = state {
      state = .hello(step + 1)
      return
    }
    needsSync = dialect.bytes(.keepAlive) != nil
    nextSend = now + (needsSync ? dialect.traits.pause : .seconds(2))
    switch flight.request {
    // It may have been done: reading decides.
    case .routes:
      salvo.removeAll { flight.ports.contains($0) }
      readBack += flight.ports.filter { !readBack.contains($0) }
    case .read(let output):
      portMisses[output, default: 0] += 1
      if portMisses[output, default: 0] >= 2 { silent(output, .unanswered, at: now) }
    case .readAll:
      nextProof = now + dialect.traits.proofInterval
      guard flight.heard.isEmpty else {
        for port in ports.ports where !flight.heard.contains(port.number) { silent(port.number, .unanswered, at: now) }
        return
      }
      wholeMisses += 1
      if wholeMisses >= 2 { readsWholeFails = true }
    case .keepAlive, .hello, .login: break
    }
  }
}
