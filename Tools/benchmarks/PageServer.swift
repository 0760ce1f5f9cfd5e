import ArgumentParser
import Consoles
import Foundation
import Station
import Transports

/// A process that serves the duty desk and nothing else: prints its port, and publishes the view in FILE under a new revision for each line on
/// standard input, answering with the monotonic time in microseconds at which it began.
struct PageServer: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pages", shouldDisplay: false)
  @Argument var file: String
  @Argument var web: String

  func run() throws {
    let frame = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    guard let json = FrameReader.view(in: frame) else { throw BenchError("\(file) holds no view") }
    var view = try JSONDecoder().decode(DeskView.self, from: Data(json))
    let desk = try DutyDesk(port: 0, webRoot: web) { _, _ in .refused(.stationBusy) }
    desk.publish(view)
    say("\(desk.port)")
    while readLine() != nil {
      view.revision += 1
      let start = MonotonicClock.now()
      desk.publish(view)
      say("\(start.microseconds)")
    }
    desk.stop()
  }

  private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
