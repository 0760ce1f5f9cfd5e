import DeviceKit
import ONVIFCodec
import ONVIFDeviceModel
import ONVIFDriver
import Testing

@Suite struct CameraSearchTests {
  /// Asks cameras on a network that may lose datagrams; answers what was found, and when it ended.
  private func search(
    _ cameras: [ONVIFCameraModel], loss: UInt32 = 0, from hosts: [String] = []
  ) -> (found: [(DiscoveredCamera, ServiceAddress)], asked: Int, end: Instant) {
    var search = CameraSearch(seed: 11)
    var cameras = cameras
    var random = SeededRandom(seed: 2)
    var (now, asked) = (Instant(microseconds: 1_000), 0)
    var found: [(DiscoveredCamera, ServiceAddress)] = []
    var inputs: [CameraSearch.Input] = [.wake]
    var steps = 0
    while steps < 10_000 {
      steps += 1
      while !inputs.isEmpty {
        var effects = Effects<CameraSearch.Effect>()
        search.handle(inputs.removeFirst(), at: now, into: &effects)
        while let effect = effects.takeFirst() {
          switch effect {
          case .multicast(let bytes):
            asked += 1
            for index in cameras.indices where !random.chance(loss, in: 100) {
              var said = Effects<ONVIFCameraModel.Effect>()
              cameras[index].handle(.datagram(bytes), at: now, into: &said)
              said.drain { effect in
                let host = index < hosts.count ? hosts[index] : "10.0.0.\(index + 1)"
                if case .datagram(let answer) = effect, !random.chance(loss, in: 100) {
                  inputs.append(.datagram(answer, host: host))
                }
              }
            }
          case .found(let camera, let address): found.append((camera, address))
          case .ended: return (found, asked, now)
          }
        }
      }
      now = max(now, search.deadline ?? now)
      inputs.append(.wake)
    }
    return (found, asked, now)
  }

  private func cameras(_ count: Int) -> [ONVIFCameraModel] {
    (0..<count).map { index in
      var camera = ONVIFCameraModel(address: ServiceAddress(host: "10.0.0.\(index + 1)"), sha1: sha1, md5: md5)
      camera.id = "urn:uuid:\(index)"
      camera.name = "门口 \(index)"
      return camera
    }
  }

  @Test func eachIsFoundOnceThoughAskedThreeTimes() {
    var three = cameras(3)
    three[1].faults.answersProbePlainly = true
    let (found, asked, end) = search(three)
    #expect(asked == 3 && found.map(\.0.name) == ["门口 0", "门口 1", "门口 2"])
    #expect(found.map(\.1.host) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"] && found.first?.0.place == "hall")
    #expect(end == Instant(microseconds: 1_000) + CameraSearch.usual)
  }

  @Test func aLostDatagramHidesNone() { #expect(search(cameras(5), loss: 10).found.count == 5) }

  @Test func whereItAnsweredFromIsWhereItIs() {
    var one = cameras(1)
    one[0].faults.ownName = "192.168.1.64"
    #expect(search(one, from: ["10.9.9.9"]).found.map(\.1) == [ServiceAddress(host: "10.9.9.9")])
  }

  @Test func noiseAndSilenceFindNothing() {
    var two = cameras(2)
    two[0].faults.isGarbage = true
    two[1].faults.isSilent = true
    #expect(search(two).found.isEmpty)
  }
}
