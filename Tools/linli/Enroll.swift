import ArgumentParser
import Foundation
import StationIdentity
import StationRuntime
import Synchronization

extension Pki {
  struct Invite: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "邀请一个站加入:显示一次性邀请码并等它来 / shows a one-time code for a station and waits for it")
    @OptionGroup var place: Place
    @Argument(help: "要加入的站名,与它的站点文件一致 / station that joins, as its site file has it") var station: String
    @Option(help: "监听地址(站点没有运行时) / address to listen on, when the station is not running; default: as the site file says")
    var host: String?
    @Option(help: "监听端口(站点没有运行时) / port to listen on, likewise") var port: Int?

    func run() throws {
      let name = try StationName(station)
      try checkIsBelow(name)
      let desk = EnrolmentDesk(authority: try place.authority())
      let socket = Socket.station(place.file.site)
      // Two programs cannot have one port, and in the street nobody should need a second one.
      if ControlSocket.isServed(socket) { try inviteThrough(socket, desk, name) } else { try inviteHere(desk, name) }
    }

    /// One that the site file does not have would join, and then be refused on the line for good.
    private func checkIsBelow(_ name: StationName) throws {
      let site = try place.file.load()
      let names = (site.plan.children ?? []).map(\.station)
      guard !names.contains(name.text), name.text != site.plan.station else { return }
      let known = names.isEmpty ? "-" : names.joined(separator: ", ")
      throw Failure(
        "站点文件的 children 里没有 \(name),现有:\(known);请核对拼写,或先写进 \(place.file.site) 的 children: stations:,再重启本站 / "
          + "\(name) is not under children in the site file, which has: \(known); check how it is written, or add it there and restart "
          + "this station first")
    }

    /// The running station makes the code and serves it.
    private func inviteThrough(_ socket: String, _ desk: EnrolmentDesk, _ name: StationName) throws {
      guard host == nil, port == nil else {
        throw Failure(
          "站点正在运行,由它接入,地址和端口在站点文件的 children 里;请去掉 --host 和 --port / the station is running and serves this itself, at the "
            + "address and enrolmentPort that its site file has under children: leave --host and --port out")
      }
      let had = try hasCertificate(desk, name)
      let said = try ControlSocket.ask(socket, "invite \(name)", timeoutSeconds: 20)
      guard let invited = try? JSONDecoder().decode(RunEnrolment.Invited.self, from: Data(said.utf8)),
        let invitation = try desk.invitation(of: name)
      else { throw Failure(said.trimmingCharacters(in: .newlines)) }
      let address = try place.file.load().children?.address ?? EnrolmentServer.defaultHost
      show(invited.code, at: address, port: invited.port, name, had: had)
      if !invited.isRegistered {
        print("注意:站点文件改过,本站还没有重启;不重启 \(name) 连不上 / the site file has changed since this station started: restart it, or")
        print("\(name) will be refused")
      } else if !invited.isServing {
        print("注意:本站还没有在等下级站点,请重启本站 / this station does not listen for stations below yet: restart it")
      }
      try wait(desk, invitation, servedBy: socket)
    }

    /// This program serves the code itself until it was used.
    private func inviteHere(_ desk: EnrolmentDesk, _ name: StationName) throws {
      let plan = try place.file.load().children
      let address = host ?? plan?.address ?? EnrolmentServer.defaultHost
      let server = try EnrolmentServer(
        desk: desk, host: address,
        port: port ?? plan?.enrolmentPort ?? EnrolmentServer.defaultPort,
        onEvent: { event in
          switch event {
          case .admitted(let station): Terminal.log("\(station): 已发证书 / certificate given")
          case .refused(let refusal, let station): Terminal.log("\(station): \(refusal)")
          }
        })
      defer { server.stop() }
      let had = try hasCertificate(desk, name)
      let (code, invitation) = try desk.invite(name, at: Date())
      show(code.text, at: address, port: server.port, name, had: had)
      try wait(desk, invitation, servedBy: nil)
    }

    private func hasCertificate(_ desk: EnrolmentDesk, _ name: StationName) throws -> Bool {
      try desk.authority.list().contains { $0.station == name && $0.status(at: Date()) == .valid }
    }

    private func show(_ code: String, at address: String, port: Int, _ name: StationName, had: Bool) {
      print("站点 \(name) 的邀请码,15 分钟内有效,只能用一次 / code for \(name), valid for 15 minutes, once:\n\n    \(code)\n")
      print(QRCode.text(code))
      print("请在站点 \(name) 上运行 / run at that station:")
      // Where it listens at one address only, no other will do.
      let isAny = address == "0.0.0.0" || address == "::"
      for place in isAny ? LocalAddress.list() : [address.contains(":") ? "[\(address)]" : address] {
        print("    linli enroll SITE --parent \(place):\(port) --code \(code)")
      }
      if had {
        print("注意:\(name) 现有的证书在新站加入时作废 / its present certificate is revoked when the new station joins")
      }
    }

    /// - Parameter socket: of the station that serves the code; `nil`: this program does.
    private func wait(_ desk: EnrolmentDesk, _ invitation: Invitation, servedBy socket: String?) throws {
      let stop = StopFlag()
      let isTerminal = isatty(STDOUT_FILENO) == 1
      var shown = Int.max
      var isServed = true
      while true {
        let now = Date()
        let current = try desk.invitation(of: invitation.station)
        if let current, current.isUsed, current.isSame(as: invitation) {
          print("\(isTerminal ? "\n" : "")\(invitation.station) 已加入 / has joined")
          // Its answer may still be on the way.
          Thread.sleep(forTimeInterval: 0.5)
          return
        }
        guard let current, current.isSame(as: invitation), current.stands(at: now) else {
          throw Failure("邀请码已作废(过期、输错太多次或另有新码) / the code is void: expired, too many wrong tries, or a newer code")
        }
        if stop.isSet {
          try desk.withdraw(invitation.station)
          throw Failure("已取消,邀请码作废 / cancelled, the code is void")
        }
        let left = Int(invitation.expiresAt.timeIntervalSince(now))
        if isTerminal {
          print("\r剩余 / remaining \(left / 60):\(String(format: "%02d", left % 60))  ", terminator: "")
        } else if left / 60 < shown / 60 {
          print("剩余 \(left / 60 + 1) 分钟 / \(left / 60 + 1) minutes remain")
        }
        if let socket, shown / 5 != left / 5 {
          let wasServed = isServed
          isServed = ControlSocket.isServed(socket)
          if wasServed, !isServed {
            print("\n站点停了;邀请码仍有效,重新启动后可继续用 / the station has stopped; the code stands, and works when it runs again")
          }
        }
        shown = left
        fflush(nil)
        Thread.sleep(forTimeInterval: 0.3)
      }
    }
  }
}

struct Enroll: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "用邀请码接入上级 / joins a parent with its one-time code")
  @OptionGroup var file: SiteArgument
  @Option(help: "上级的地址 / address of the parent, HOST:PORT") var parent: String
  @Option(help: "邀请码;不写则询问 / the code; asked for when it is not given") var code: String?
  @Flag(help: "本站已有证书时换掉 / replaces the identity that this station has") var replace = false

  func run() async throws {
    let station = try StationName(try file.load().plan.station)
    let (host, port) = try Self.address(parent)
    let store = IdentityStore.child(siteFolder: file.folder)
    // Read before anything is moved away: a typing error must not cost the identity.
    let code = try InvitationCode(try self.code ?? Self.ask()).text
    let fresh = IdentityStore(folder: store.folder + (replace ? ".next" : ""))
    if replace, fresh.isThere {
      try fresh.replace(store)
      throw Failure("上次接入已完成,只差换上;现已换上 / the last enrolment had only its exchange to do; done now, no code was needed")
    }
    let applicant = try EnrolmentApplicant(station: station, code: code, store: fresh)
    let joined = try await EnrolmentClient(host: host, port: port).join(applicant)
    if replace { try fresh.replace(store) }
    print("已接入上级 \(joined.parent) / joined \(joined.parent)")
    print("证书 / certificate: \(joined.own.serial) 至 / until \(joined.own.notAfter.formatted(.iso8601)) → \(store.folder)")
  }

  private static func ask() throws -> String {
    print("邀请码 / code: ", terminator: "")
    fflush(nil)
    guard let line = readLine() else { throw Failure("没有邀请码 / no code was given") }
    return line
  }

  /// `HOST:PORT`, `HOST`, `[IPV6]:PORT`.
  static func address(_ text: String) throws -> (host: String, port: Int) {
    let wrong = Failure("--parent \"\(text)\" 应为 主机:端口,如 10.1.2.3:8464 / accepted: HOST:PORT, IPv6 in brackets")
    var host = Substring(text)
    var port = EnrolmentServer.defaultPort
    if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
      guard let number = Int(text[text.index(after: colon)...]), (1...65535).contains(number) else { throw wrong }
      host = text[..<colon]
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { throw wrong }
    guard !host.isEmpty else { throw wrong }
    return (String(host), port)
  }
}

/// Whether the person has pressed Ctrl-C, for a loop that looks.
private final class StopFlag: Sendable {
  private let flag = Mutex(false)
  private let sources: Mutex<[any DispatchSourceSignal]>
  var isSet: Bool { flag.withLock { $0 } }

  init() {
    let queue = DispatchQueue(label: "signals")
    let numbers = [SIGINT, SIGTERM]
    for number in numbers { signal(number, SIG_IGN) }
    sources = Mutex(numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) })
    sources.withLock { sources in
      for source in sources {
        source.setEventHandler { [weak self] in self?.flag.withLock { $0 = true } }
        source.resume()
      }
    }
  }
}

/// This computer's own addresses, as a technician has to type one of them elsewhere.
enum LocalAddress {
  static func list() -> [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return ["HOST"] }
    defer { freeifaddrs(first) }
    var found: [String] = []
    for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
      guard let entry, let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard
        getnameinfo(
          address, socklen_t(MemoryLayout<sockaddr_in>.size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      else { continue }
      found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return found.isEmpty ? ["HOST"] : found
  }
}
