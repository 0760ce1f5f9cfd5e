import DeviceKit
import DeviceVocabulary
import Station

/// The community's display wall: its devices on their lines, the program's drivers, and somebody at the console.
extension SimulatedSite {
  func runWall() {
    var hasMoved = false
    for index in wallDevices.indices where wallDevices[index].due <= now || wallDriverDue(index) {
      hasMoved = true
      for arrival in wallDevices[index].step(at: now) {
        switch arrival {
        case .linkUp: giveWall(wallDevices[index].name, .linkUp, community.program)
        case .linkDown: giveWall(wallDevices[index].name, .linkDown, community.program)
        case .bytes(let bytes): giveWall(wallDevices[index].name, .received(bytes), community.program)
        }
      }
      if wallDriverDue(index) { giveWall(wallDevices[index].name, .wake, community.program) }
    }
    if hasMoved { tellWall() }
  }

  private func wallDriverDue(_ index: Int) -> Bool {
    community.program?.wall.contains { $0.name == wallDevices[index].name && $0.due <= now } ?? false
  }

  func wish(_ device: String, _ wishes: [WallWish], _ program: SimulatedProgram) {
    if now > Instant.zero + .seconds(20) {
      if options.planted == .losesWish || options.planted == .losesDisplayWish && device != SiteLayout.matrix { return }
    }
    trace.note(8, now, "\(device) \(wishes)")
    giveWall(device, .wished(wishes), program)
  }

  func giveWall(_ name: String, _ input: WallInput, _ program: SimulatedProgram?) {
    guard let program, let at = program.wall.firstIndex(where: { $0.name == name }),
      let index = wallDevices.firstIndex(where: { $0.name == name })
    else { return }
    var effects = Effects<WallEffect>()
    program.wall[at].driver.handle(input, at: community.clock.monotonic(now), into: &effects)
    program.wall[at].due = program.wall[at].driver.deadline.map(community.clock.siteTime) ?? .distantFuture
    while let effect = effects.takeFirst() {
      switch effect {
      case .write(let bytes): wallDevices[index].write(bytes, at: now)
      case .reopen: wallDevices[index].reopen(at: now)
      case .event(let event):
        log("wall \(name) \(event)")
        community.send(.wall(name, event), at: now, wake: .microseconds(30 + Int(community.random.below(1500))))
      }
    }
  }

  func handWall(_ name: String, _ hand: WallHand) {
    guard let index = wallDevices.firstIndex(where: { $0.name == name }) else { return }
    wallDevices[index].hand(hand, at: now)
    tellWall()
  }

  /// Its sockets end with the program.
  func closeWallLines() {
    for index in wallDevices.indices { wallDevices[index].close(at: now) }
  }

  /// A wall's devices do nothing by themselves between two of their steps.
  private func tellWall() {
    let truth = (observers.ground.plan.wall?.outputs ?? []).map { output in
      func model(_ port: WallPort?) -> WallModel? { port.flatMap { port in wallDevices.first { $0.name == port.device }?.model } }
      return WallTruth(
        output: output.number, input: output.matrix.flatMap { model($0)?.input($0.number) },
        display: output.display.flatMap { model($0)?.display($0.number) })
    }
    observers.see(.wallTruth(truth), at: now)
  }

  func plant(_ view: WallView?) -> WallView? {
    guard var view, options.planted == .showsTheWish else { return view }
    for index in view.tiles.indices {
      view.tiles[index].shown = view.tiles[index].wished
      view.tiles[index].proof = .verified(picture: nil)
      view.tiles[index].ageMilliseconds = 0
    }
    return view
  }

  /// The desk's page as it is shown.
  func plant(_ view: DeskView) -> DeskView {
    guard options.planted == .hidesWallCards else { return view }
    var view = view
    view.faults.removeAll { fault in
      switch fault.key.subject {
      case .wall, .output: true
      default: false
      }
    }
    return view
  }

  // MARK: - The operator

  func actAtWall(_ choice: UInt32) {
    guard let page = community.program?.wallPage else { return }
    var draw = SeededRandom(seed: UInt64(choice))
    let post = SiteLayout.posts[Int(draw.below(UInt32(SiteLayout.posts.count)))]
    community.ask(post, .wall(action(page, &draw)), at: now)
  }

  private func action(_ page: WallView, _ draw: inout SeededRandom) -> WallAction {
    let source = page.plan.sources[Int(draw.below(UInt32(page.plan.sources.count)))].id
    let cells = WallCells(
      column: 1 + Int(draw.below(UInt32(page.plan.columns))), row: 1 + Int(draw.below(UInt32(page.plan.rows))))
    switch draw.below(11) {
    case 0: return .scene("all")
    case 1: return .scene("day")
    case 2: return .scene(nil)
    case 10: return .scene(page.plan.scene("dark")?.id)
    case 3: return page.meeting == nil ? .beginMeeting(scene: "meet") : .endMeeting
    case 4: return .visitors(!page.hasVisitors)
    case 5: return .arm(!page.isArmed)
    case 6, 7:
      guard let pin = page.pins.first else { return .scene("day") }
      return .unpin(pin.pin.id)
    default: return .pin(source: source, cells, reason: "看一下")
    }
  }
}
