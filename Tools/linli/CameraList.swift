import ArgumentParser
import Foundation
import StationRuntime

/// What the wall's ONVIF cameras have said, as the station's socket tells it and as a terminal is told.
struct CameraList {
  struct Camera: Codable {
    var source: String
    var onvif: String
    var profile: String
    var stream: String?
    var model: String
    var presets: [String]
    var failure: String?
    var turn: Turn?
  }
  struct Turn: Codable {
    var number: Int
    var preset: String
    var underWay: Bool
    var failure: String?
  }
  var cameras: [Camera]

  init(_ standings: [CameraDirectory.Standing]) {
    cameras = standings.map { standing in
      Camera(
        source: standing.source, onvif: standing.address, profile: standing.profile, stream: standing.stream,
        model: standing.model, presets: standing.presets, failure: standing.failure,
        turn: standing.turn.map { Turn(number: $0.number, preset: $0.preset, underWay: $0.isUnderWay, failure: $0.failure) })
    }
  }

  var json: String { PlayerLine.encode(["cameras": cameras]) }

  /// Asks a running station.
  init(_ place: WallPlace, _ telling: WallTelling) throws {
    var silent = place
    silent.json = false
    let answer = try silent.line(telling.all ? "cameras all" : "cameras")
    guard let read = PlayerLine.decode(answer, as: [String: [Camera]].self) else {
      print(answer, terminator: answer.hasSuffix("\n") ? "" : "\n")
      throw ExitCode(1)
    }
    cameras = read["cameras"] ?? []
  }

  subscript(source: String) -> Camera? { cameras.first { $0.source == source } }
}
