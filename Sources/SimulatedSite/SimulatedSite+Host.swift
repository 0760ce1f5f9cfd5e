import DeviceKit
import Journal
import Station
import StationRuntime

/// The life of the program on one PC: started, killed, without power, with a disk that fails.
extension SimulatedSite {
  func perform(_ act: HostAct, on host: SimulatedHost) {
    switch act {
    case .kill: endProgram(on: host, cutsPower: false)
    case .terminate: terminate(host)
    case .cutPower: endProgram(on: host, cutsPower: true)
    case .cutPowerInCommit(let operations): if host.program != nil { host.storage.cutPowerSoon(after: operations) }
    case .start: start(host)
    case .disk(let fault): host.storage.strike(fault)
    case .healDisk: host.storage.heal()
    case .stepClock(let milliseconds): host.clock.step(by: milliseconds)
    case .visit(let choice): actAtVisits(choice)
    case .wall(let choice): actAtWall(choice)
    case .desk(let choice): host.role == .street ? actAtStreet(host, choice) : actAtDesk(choice)
    }
  }

  func endProgram(on host: SimulatedHost, cutsPower: Bool) {
    if cutsPower {
      host.storage.cutPower()
      host.needsBoot = true
    }
    guard host.program != nil else { return }
    if host.role == .community { closeWallLines() }
    host.program = nil
    host.page = nil
    host.requests = [:]
    host.keys.programEnded()
    if !cutsPower { host.storage.killed() }
    // Its sockets go with it: whoever has something under way on them learns so at once, or, without power, by silence.
    if let line { for way in line.ways.indices { self.line?.drop(way) } }
    observers.see(host.fact(.programEnded), at: now)
  }

  private func terminate(_ host: SimulatedHost) {
    guard let program = host.program else { return }
    program.send(.stopping, at: host.clock.monotonic(now), wake: now)
    stepProgram(program, on: host)
    guard host.program === program else { return }
    program.decider.saveSnapshot()
    endProgram(on: host, cutsPower: false)
  }

  func start(_ host: SimulatedHost) {
    host.retryStart = nil
    guard host.program == nil else { return }
    do {
      if host.needsBoot || host.storage.isCut {
        try host.storage.powerReturns()
        host.clock.reboot(at: now)
        host.needsBoot = false
      }
      let store = WatchedStore(try host.storage.open())
      store.doublesReceived = options.planted == .storesTwice && host.role == .street
      try tellWhatIsOnDisk(store, of: host)
      let started = try SimulatedProgram(
        site: host.site, store: store, boot: host.clock.bootName, at: now, monotonic: host.clock.monotonic(now))
      let folded = try Decider.fold(store, useSnapshot: false)
      let known = options.planted == .falseSnapshot ? StationState() : started.decider.station.state
      observers.see(host.fact(.folded(fromSnapshot: known, fromZero: folded)), at: now)
      host.program = started
      sweepKeys(of: host)
      if host.role == .community { beginUplink(started) }
      // Its page is up as soon as the station is.
      if options.layout.hasVisits, host.role == .community { host.send(.kiosk(SiteLayout.kiosk, isAlive: true), at: now) }
      observers.see(host.fact(.programStarted), at: now)
    } catch {
      // The disk is repaired by the script.
      host.retryStart = now + .seconds(1)
    }
  }

  /// As a station does when it starts: a key that nothing names is deleted, unless something may not be known yet.
  private func sweepKeys(of host: SimulatedHost) {
    guard host.role == .community, let named = host.program?.decider.namedKeys else { return }
    _ = host.keys.sweep(named: named)
    observers.see(.keys(host.keys.kept, isSwept: true), at: now)
  }
}
