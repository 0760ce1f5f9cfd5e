import CallPanelCodec
import DeviceKit
import ModbusRTUCodec
import Transports

/// Looks at a bus that no station drives: listens, asks every device of the site file some questions, and looks for those that do not
/// answer at other settings and addresses. It only reads.
public struct IdleExamination {
  public struct Options: Sendable {
    /// Silent devices are not looked for elsewhere.
    public var isQuick = false
    public var listenFor = Interval.seconds(1)
    /// How often a device that is heard is asked.
    public var rounds = 6
    /// How long the answer of a device in the site file may take, so that a late one is measured.
    public var patience = Interval.milliseconds(2500)
    /// The same while there are many that are silent, and elsewhere.
    public var shortPatience = Interval.milliseconds(350)
    public var searchPatience = Interval.milliseconds(40)
    /// What is being done, for a person who waits.
    public var progress: @Sendable (String) -> Void = { _ in }

    public init() {}
  }

  private let options: Options
  private let probe: BusProbe
  private let own: SerialSettings
  private var look: BusLook
  private var askedAt: [UInt8: Instant] = [:]

  /// So many silent devices are waited for with all patience, and looked for at other settings until one is found.
  private static let silentSample = 4
  /// Where nothing is known of a bus, a quick look ends at this address.
  private static let quickAddresses: UInt8 = 32

  /// - Throws: when the port cannot be opened, or is gone; `portBusy` names who holds it.
  public static func look(at plan: BusPlan, _ options: Options) throws(TransportError) -> BusLook {
    let path = try PortSelector(parsing: plan.port).resolve().path
    let settings = BusLoop.settings(plan)
    let probe = try BusProbe(path: path, settings: settings, dropsEcho: plan.echo)
    defer { probe.close() }
    let place = BusPlace(bus: plan.name, port: path, line: LineSetting(settings))
    var examination = IdleExamination(
      options: options, probe: probe, own: settings, look: BusLook(place: place, nodes: plan.nodes))
    try examination.run(expectsEcho: plan.echo)
    return examination.look
  }

  private mutating func run(expectsEcho: Bool) throws(TransportError) {
    options.progress("听 / listening: \(look.place.port) \(look.place.line)")
    look.listening = try probe.listen(for: options.listenFor)
    // Nothing is sent where somebody else asks, or into a jam.
    guard look.listening.requests == 0, !look.isJammed else { return }
    try askAll()
    if probe.heardEcho != expectsEcho { look.echo = expectsEcho ? .missing : .unexpected }
    if look.nodes.isEmpty { return try searchAddresses() }
    try readFirmware()
    guard !options.isQuick, look.nodes.contains(where: { !$0.isHeard }) else { return }
    try searchSettings()
    if look.nodes.contains(where: { !$0.isHeard && $0.elsewhere == nil }) { try searchAddresses() }
  }

  /// Every device of the site file at the bus's own setting; those that are heard again and again.
  private mutating func askAll() throws(TransportError) {
    var silent = 0
    for index in look.nodes.indices {
      options.progress("问 / asking: \(look.nodes[index].node.address)")
      let patience = silent < Self.silentSample ? options.patience : options.shortPatience
      try ask(index, patience)
      // One question may have been hit by a disturbance.
      if !look.nodes[index].isHeard { try ask(index, options.shortPatience) }
      if !look.nodes[index].isHeard { silent += 1 }
    }
    for _ in 2..<max(2, options.rounds + 1) {
      for index in look.nodes.indices where look.nodes[index].isHeard { try ask(index, options.patience) }
    }
  }

  /// Of panels that answer as one device should.
  private mutating func readFirmware() throws(TransportError) {
    for index in look.nodes.indices {
      let found = look.nodes[index]
      guard found.node.isPanel, found.answers > 0, found.doubled == 0, found.units.count == 1 else { continue }
      look.nodes[index].identity = try probe.identity(of: found.node.address, patience: options.shortPatience, tries: 2)
    }
  }

  private mutating func ask(_ index: Int, _ patience: Interval) throws(TransportError) {
    let node = look.nodes[index].node
    // A second device at the address may be slower than the first; its answer must not run into the next question.
    let linger = look.nodes[index].asked == 0 || look.nodes[index].doubled > 0 ? options.shortPatience : .zero
    var outcome = try probe.ask(node.address, node.question, patience: patience, linger: linger)
    if case .foreign(let other) = outcome, let late = lateAnswer(from: other) {
      // Asked again, it tells whether that was the other's late answer or its own with a wrong address in it.
      outcome = try probe.ask(node.address, node.question, patience: patience)
      if outcome != .foreign(other) { look.nodes[late.index].note(.answered([.init(unit: nil, turnaround: late.after)])) }
    }
    askedAt[node.address] = MonotonicClock.now()
    look.nodes[index].note(outcome)
  }

  /// The node at `address`, if its answer may still be on its way, and how long that took.
  private func lateAnswer(from address: UInt8) -> (index: Int, after: Interval)? {
    guard let index = look.nodes.firstIndex(where: { $0.node.address == address && !$0.isHeard }), let asked = askedAt[address]
    else { return nil }
    // `askedAt` is when its patience ended.
    return (index, MonotonicClock.now() - asked + options.patience)
  }

  /// Silent devices at every other speed and format; all of them where a few of them show that it is the right one.
  private mutating func searchSettings() throws(TransportError) {
    let silent = look.nodes.indices.filter { !look.nodes[$0].isHeard }
    for settings in otherSettings {
      options.progress("换波特率找 / trying \(LineSetting(settings))")
      try probe.retune(settings)
      look.settingsTried.append(LineSetting(settings))
      let sought = silent.filter { look.nodes[$0].elsewhere == nil }
      var found = false
      for index in sought.prefix(Self.silentSample) { if try seek(index, settings) { found = true } }
      if found { for index in sought.dropFirst(Self.silentSample) { _ = try seek(index, settings) } }
      if silent.allSatisfy({ look.nodes[$0].elsewhere != nil }) { break }
    }
    try probe.retune(own)
  }

  private mutating func seek(_ index: Int, _ settings: SerialSettings) throws(TransportError) -> Bool {
    let node = look.nodes[index].node
    guard case .answered = try probe.ask(node.address, node.question, patience: options.searchPatience * 2) else { return false }
    look.nodes[index].elsewhere = LineSetting(settings)
    return true
  }

  /// Every address that the site file does not name.
  private mutating func searchAddresses() throws(TransportError) {
    for address in 1...(options.isQuick ? Self.quickAddresses : 247)
    where !look.nodes.contains(where: { $0.node.address == address }) {
      if address % 16 == 1 { options.progress("找地址 / looking at addresses from \(address)") }
      switch try probe.ask(address, PanelTransaction.identification(), patience: options.searchPatience) {
      case .silent: break
      case .foreign(let late): if !look.nodes.contains(where: { $0.node.address == late }) { try meet(late) }
      case .answered, .garbled: try meet(address)
      }
    }
    look.searchedAddresses = !options.isQuick
  }

  /// Somebody is at an address that the site file does not name, if he is heard a second time.
  private mutating func meet(_ address: UInt8) throws(TransportError) {
    guard !look.strangers.contains(where: { $0.address == address }) else { return }
    switch try probe.ask(address, PanelTransaction.identification(), patience: options.patience) {
    case .answered(let answers):
      look.strangers.append(
        BusLook.Stranger(address: address, unit: answers.first?.unit, turnaround: answers.first?.turnaround))
    case .garbled: look.strangers.append(BusLook.Stranger(address: address, unit: nil, turnaround: nil))
    case .silent, .foreign: break
    }
  }

  /// The likelier speeds first; formats with parity only where the port has them.
  private var otherSettings: [SerialSettings] {
    let formats: [CharacterFormat] = probe.holdsParity ? [.none8One, .even8One, .odd8One] : [.none8One]
    let speeds: [BaudRate] = [.b9600, .b19200, .b115200, .b38400, .b57600, .b4800, .b2400, .b1200]
    var found: [SerialSettings] = []
    for format in formats {
      for speed in speeds where speed != own.baud || format != own.format && probe.holdsParity {
        var settings = own
        settings.baud = speed
        settings.format = format
        found.append(settings)
      }
    }
    return found
  }
}

extension LineSetting {
  init(_ settings: SerialSettings) { self.init(baud: settings.baud.rawValue, format: settings.format.rawValue) }
}

extension BusPlan {
  /// A bus that no site file describes: nothing is known of what hangs on it.
  public init(port: String, baud: Int) {
    self.init(
      name: "", port: port, baud: baud, format: .none, kernelRS485: false, echo: false, panels: [], modules: [])
  }
}
