import ArgumentParser
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateDriver
import Foundation
import Station
import StationRuntime

/// Which panel is meant: one of a site file, through the running station or on its idle port, or one on any port.
struct PanelPlace: ParsableArguments {
  @Option(help: "不用站点文件,直接用这个串口 / a port, without a site file") var port: String?
  @Option(help: "串口的波特率 / baud rate of --port") var baud = 19200
  @Option(help: "串口上面板的地址 / the panel's address on --port") var node: UInt8?

  static let usage = "写 站点文件 A/3,或 --port PATH --node N / give SITE A/3, or --port PATH --node N"

  enum Way {
    case station(RunningPanel)
    case idle(BusPlan, UInt8)
  }

  /// - Parameter words: what stands on the command line; without `--port` the site file and the panel come first.
  /// - Returns: the way, and the words that are left.
  func way(_ words: [String]) throws -> (Way, rest: [String]) {
    if let port {
      guard let node, (1...247).contains(node), SiteFile.baudRates.contains(baud) else { throw ValidationError(Self.usage) }
      return (.idle(BusPlan(port: port, baud: baud), node), words)
    }
    guard words.count >= 2, let device = DeviceID(words[1]) else { throw ValidationError(Self.usage) }
    let site = try SiteArgument.read(words[0])
    guard let bus = site.buses.first(where: { $0.name == device.bus }),
      let panel = bus.panels.first(where: { $0.node == device.node })
    else {
      let known = site.buses.flatMap { bus in bus.panels.map { "\(bus.name)/\($0.node)" } }
      throw Failure(
        "站点文件里没有面板 \(device);有: \(known.joined(separator: " ")) / the site file has no panel \(device), but these")
    }
    let socket = Socket.station(words[0])
    let rest = Array(words.dropFirst(2))
    guard ControlSocket.isServed(socket) else { return (.idle(bus, device.node), rest) }
    return (.station(RunningPanel(socket: socket, device: device, name: panel.name, bus: bus)), rest)
  }
}

/// A panel of a running station, as its control socket shows it.
struct RunningPanel {
  let socket: String
  let device: DeviceID
  let name: String
  let bus: BusPlan

  func reports() throws -> [BusReport] {
    let text = try ControlSocket.ask(socket, "bus json")
    do {
      return try JSONDecoder().decode([BusReport].self, from: Data(text.utf8))
    } catch {
      throw Failure("看不懂站点的回答,版本不同? / the station's answer is not understood; another version? \(text.prefix(200))")
    }
  }

  func look(_ address: UInt8? = nil) throws -> BusReport.Node? {
    try reports().first { $0.bus == device.bus }?.nodes.first { $0.address == address ?? device.node }
  }

  /// Who it says it is. A station that was started a moment ago has not asked yet.
  func met() throws -> DeviceIdentity {
    let end = Date(timeIntervalSinceNow: 6)
    while true {
      let node = try look()
      if let identity = node?.identity { return identity }
      guard Date() < end, node != nil else { throw Panel.silent("\(device)") }
      usleep(200_000)
    }
  }

  func order(_ verb: String, _ words: String...) throws {
    let answer = try ControlSocket.ask(socket, (["panel", verb, "\(device)"] + words).joined(separator: " "))
    guard answer == "ok\n" else { throw Failure(answer.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  func upload(_ image: [UInt8], as name: String) throws {
    var offset = 0
    while offset < image.count {
      let piece = Data(image[offset..<min(offset + PanelOrders.pieceBytes, image.count)])
      let answer = try ControlSocket.ask(socket, "panel image \(name) \(offset) \(piece.base64EncodedString())")
      guard answer == "ok\n" else { throw Failure(answer.trimmingCharacters(in: .whitespacesAndNewlines)) }
      offset += piece.count
    }
  }

  /// Until the job with this ticket is over.
  ///
  /// - Parameters:
  ///   - again: asks for it once more, when the station was started again and knows nothing of it.
  ///   - isMet: the job's aim was seen to be reached, which the job cannot see itself; it is `done` then.
  func watch(
    _ ticket: UInt32, again: () throws -> Void, isMet: (DeviceJob) throws -> Bool = { _ in false }, progress: (DeviceJob) -> Void
  ) throws -> DeviceJob {
    var unknownSince = Date()
    var heardAt = Date()
    while true {
      usleep(200_000)
      do {
        let job = try look()?.job
        heardAt = Date()
        if var job, job.ticket == ticket {
          unknownSince = Date()
          progress(job)
          if try isMet(job) {
            job.step = .done
            job.failure = nil
            return job
          }
          if job.isOver { return job }
        } else if Date().timeIntervalSince(unknownSince) > 5 {
          if let job, !job.isOver { return failed(ticket, .otherJobUnderWay) }
          try again()
          unknownSince = Date()
        }
      } catch let error as ControlError {
        // It is started again, maybe.
        if Date().timeIntervalSince(heardAt) > 60 { throw error }
      }
    }
  }

  private func failed(_ ticket: UInt32, _ why: JobFailure) -> DeviceJob {
    var job = DeviceJob(ticket: ticket, kind: .update, step: .failed)
    job.failure = why
    return job
  }
}

/// Says how a job goes on: a line for each step, and each tenth of a long one.
final class JobPrinter {
  private var last = ""
  private var hasSaidWhat = false

  func show(_ job: DeviceJob) {
    guard !job.isOver else { return }
    if !hasSaidWhat, let before = job.before, let image = job.image, before != image {
      hasSaidWhat = true
      // What the panel itself has just said, not what its station knew.
      print("将从 \(before) 更新到 \(image) / from \(before) to \(image)")
      if image.isOlder(than: before) { print("⚠ 这是旧版本,将降级 / this is an older version: a downgrade") }
    }
    let tenth = job.step == .sending && job.total > 0 ? Int(job.done) * 10 / Int(job.total) : Int(job.percent) / 10
    let mark = "\(job.step.rawValue) \(tenth)"
    guard mark != last else { return }
    last = mark
    print("… \(FirmwareTexts.step(job).both)")
    fflush(nil)
  }
}
