import DeviceKit
import DeviceVocabulary
import LineProtocolCodec

extension MatrixDriver {
  var readsWhole: Bool { !readsWholeFails && dialect.bytes(.readAll) != nil }
  var canRead: Bool { readsWhole || dialect.bytes(.read(1)) != nil }

  /// What is to be done next, when nothing is under way.
  var nextWork: Instant {
    if needsSync || !salvo.isEmpty || !readBack.isEmpty || !isOnlineTold { return nextSend }
    var next = min(ports.deadline ?? .distantFuture, proofDue, nextHello)
    for port in ports.ports where port.asOf == nil && canRead && isThere(port.number) {
      next = min(next, mute[port.number] ?? .zero)
    }
    if let interval = dialect.traits.keepAliveInterval { next = min(next, lastTalk + interval) }
    return max(next, nextSend)
  }

  private var isOnlineTold: Bool { health == .online }

  func isThere(_ port: UInt16) -> Bool { outputs.map { (1...max($0, 1)).contains(port) } ?? true }

  /// When the next output has to be proved.
  private var proofDue: Instant {
    if readsWhole || !canRead { return ports.ports.isEmpty ? .distantFuture : nextProof }
    var oldest = Instant.distantFuture
    for port in ports.ports where isThere(port.number) {
      guard let asOf = port.asOf else { continue }
      oldest = min(oldest, max(asOf + dialect.traits.proofInterval, mute[port.number] ?? .zero))
    }
    return min(oldest, nextProof)
  }

  mutating func startWork(at now: Instant) {
    guard flight == nil, nextSend <= now else { return }
    switch state {
    case .hello(let step):
      var step = step
      while step < dialect.traits.hellos, dialect.bytes(.hello(step)) == nil { step += 1 }
      guard step >= dialect.traits.hellos else {
        state = .hello(step)
        return send(.hello(step), at: now)
      }
      state = .ready
      describe()
      askAgainWhoItIs(at: now)
      if let before = sizeBefore.take(), before.inputs != description.inputs || before.outputs != description.outputs {
        ports.retest(at: now)
      }
      nextProof = now + dialect.traits.proofInterval
      refuseImpossible(at: now)
      workReady(at: now)
    case .ready: workReady(at: now)
    default: break
    }
  }

  var isLacking: Bool {
    dialect.traits.hellos > 0
      && (description.inputs == nil || description.outputs == nil || dialect.traits.tellsModel && description.model.isEmpty)
  }

  private mutating func askAgainWhoItIs(at now: Instant) {
    guard hasDoubt || isLacking else { return nextHello = .distantFuture }
    guard nextHello == .distantFuture else { return }
    lacks = hasDoubt ? 0 : min(lacks + 1, Self.lackLimit)
    nextHello = now + (lacks < Self.lackLimit ? Self.doubtInterval : Self.lackInterval)
  }

  private mutating func describe() {
    guard description != dialect.traits.known, toldDescription != description else { return }
    toldDescription = description
    tell(
      .described(
        WallDescription(
          model: description.model, name: description.name, firmware: description.firmware, inputs: description.inputs,
          outputs: description.outputs)))
  }

  private mutating func workReady(at now: Instant) {
    if needsSync { return send(.keepAlive, at: now) }
    if sendSalvo(at: now) { return }
    if !readBack.isEmpty { return readBackNow(at: now) }
    let unread = ports.ports.filter { $0.asOf == nil && isThere($0.number) && (mute[$0.number] ?? .zero) <= now }
    if let first = unread.first, canRead { return send(readsWhole ? .readAll : .read(first.number), at: now) }
    // It was asked, and nothing came that answers: whoever is there is not spoken with.
    guard hasAnswered else { return breakOff(at: now) }
    setOnline()
    takeDue(at: now)
    if sendSalvo(at: now) { return }
    if nextHello <= now {
      sizeBefore = description
      hasDoubt = false
      nextHello = .distantFuture
      state = .hello(0)
      return startWork(at: now)
    }
    if proofDue <= now { return prove(at: now) }
    if let interval = dialect.traits.keepAliveInterval, lastTalk + interval <= now { send(.keepAlive, at: now) }
  }

  /// On this line; of one that hangs up after each answer, on those before. One that says all by itself was not asked.
  private var hasAnswered: Bool {
    answers > 0 || isBrief || ports.ports.allSatisfy { !isThere($0.number) } || ports.ports.contains { $0.asOf != nil }
  }

  private mutating func setOnline() {
    if isPasswordTold {
      isPasswordTold = false
      tell(.troubleChanged(0, .password, isPresent: false))
    }
    attempts = 0
    passwordRefusals = 0
    wasOnline = true
    isKnown = true
    set(.online)
  }

  /// All that is due becomes one salvo, so that it changes together; what is wished meanwhile comes after its read-back.
  private mutating func takeDue(at now: Instant) {
    for wish in ports.due(at: now) {
      if let reason = impossible(wish) {
        tell(ports.failed(wish.number, .impossible(reason), at: now))
      } else {
        salvo.append(wish.number)
        isSalvoWhole = true
      }
    }
  }

  /// True when something was sent.
  private mutating func sendSalvo(at now: Instant) -> Bool {
    while !salvo.isEmpty {
      // After a refusal they go one by one.
      let count = isSalvoWhole ? dialect.traits.routesPerCommand : 1
      let numbers = Array(salvo.prefix(max(count, 1)))
      let routes = numbers.compactMap(route)
      guard !routes.isEmpty else {
        salvo.removeFirst(numbers.count)
        continue
      }
      for route in routes { ports.wasSent(route.output, at: now) }
      salvo.removeFirst(numbers.count)
      send(.routes(routes), ports: routes.map(\.output), at: now)
      return true
    }
    return false
  }

  /// What is still to be sent for an output; `nil`: nothing any more.
  private func route(_ number: UInt16) -> MatrixRoute? {
    guard let port = ports.port(number), let wish = port.wish, !port.isAsWished, case .route(let input) = wish,
      impossible(WallWish(number, wish)) == nil
    else { return nil }
    return MatrixRoute(number, from: input)
  }

  private mutating func readBackNow(at now: Instant) {
    guard canRead else {
      // It has said by now what it had to say.
      for number in readBack {
        if case .route(let input)? = ports.port(number)?.fact { observed(number, input, isReadBack: true, at: now) }
      }
      readBack = []
      return
    }
    send(readsWhole ? .readAll : .read(readBack[0]), at: now)
  }

  private mutating func prove(at now: Instant) {
    nextProof = now + dialect.traits.proofInterval
    guard canRead else { return send(.keepAlive, at: now) }
    if readsWhole { return send(.readAll, at: now) }
    nextProof = .distantFuture
    let oldest = ports.ports.filter { isThere($0.number) && (mute[$0.number] ?? .zero) <= now }
      .min { ($0.asOf ?? .zero) < ($1.asOf ?? .zero) }
    if let oldest { send(.read(oldest.number), at: now) }
  }

  private mutating func send(_ request: MatrixRequest, ports numbers: [UInt16] = [], at now: Instant) {
    guard let bytes = dialect.bytes(request) else { return }
    dialect.asked(request)
    outbox.append(.write(bytes))
    lastTalk = now
    flight = Flight(request: request, ports: numbers, due: now + dialect.traits.answerLimit)
    guard case .routes = request, !dialect.traits.answersRoutes else { return }
    flight = nil
    nextSend = now + dialect.traits.pause
    readBack += numbers.filter { !readBack.contains($0) }
  }

  // MARK: - What cannot be

  mutating func refuseImpossible(at now: Instant) {
    var isAsked = false
    for port in ports.ports {
      isAsked = isAsked || !isThere(port.number)
      guard let wish = port.wish, let reason = impossible(WallWish(port.number, wish)) else { continue }
      isAsked = true
      tell(ports.failed(port.number, .impossible(reason), at: now))
    }
    if isAsked, dialect.traits.hellos > 0 { nextHello = min(nextHello, now + WallConvergence.slowRetry) }
  }

  private func impossible(_ wish: WallWish) -> String? {
    guard case .route(let input) = wish.setting else { return "a matrix only routes" }
    if !isThere(wish.number) || wish.number == 0 { return "no output \(wish.number)" + (outputs.map { " of \($0)" } ?? "") }
    if let inputs = description.inputs, input > inputs { return "no input \(input) of \(inputs)" }
    if input == 0, !dialect.traits.canDisconnect { return "an output cannot be left without an input" }
    return nil
  }
}
