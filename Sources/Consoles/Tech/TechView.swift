import DeviceVocabulary
import Station

/// What the technician's page shows: every device of this site as the station knows it. It names no resident, no call and no matter.
public struct TechView: Sendable, Equatable {
  public var site: String
  public var station: String
  /// Station time when the picture was made, milliseconds since 1970.
  public var asOfMilliseconds: Int64
  /// Without telephone numbers; a re-test is asked for in the name of one.
  public var posts: [SitePlan.Post]
  /// In order of their kinds, then as the site file has them.
  public var devices: [TechDevice]
}

/// One device, one line or one part of the computer.
public struct TechDevice: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case bus, panel, module, kiosk, reader, smartCards, printer, staffReader, wallDevice, source, path, receiver, clock, disk
    /// A fault of nothing that is listed.
    case other
  }

  /// `unknown`: nothing was heard that says either.
  public enum Level: String, Sendable, CaseIterable { case good, bad, unknown }

  /// When something was last heard of it.
  public enum Heard: Sendable, Equatable {
    /// Not since the program began.
    case never
    /// So many milliseconds before the picture was made.
    case ago(Int64)
    /// It is told when its state changes, and not in between.
    case byChange
  }

  public struct Fact: Sendable, Equatable {
    /// A word of the page: `fact.` and this.
    public var label: String
    public var value: String
    /// Of what is measured: how old it was when the picture was made.
    public var ageMilliseconds: Int64?

    init(_ label: String, _ value: String, ageMilliseconds: Int64? = nil) {
      self.label = label
      self.value = value
      self.ageMilliseconds = ageMilliseconds
    }
  }

  /// Of its own on this page.
  public var id: String
  public var kind: Kind
  /// As the site file calls it; empty where its kind says all.
  public var name: String
  /// Port, address on the bus or network address; empty where it has none.
  public var at: String
  public var state: BilingualText
  public var level: Level
  /// Since when it has stood so: as the journal has it of a fault, else as far as this run of the program knows; milliseconds since 1970.
  public var sinceMilliseconds: Int64?
  public var heard: Heard
  public var facts: [Fact]
  public var faults: [DeskView.FaultCard]
}

extension TechView {
  func json() -> JSONText {
    var json = JSONText(reserving: 1024 + 512 * devices.count)
    json.object { json in
      json.field("site", site)
      json.field("station", station)
      json.field("asOfMilliseconds", asOfMilliseconds)
      json.key("posts")
      json.array(posts) { json, post in
        json.object {
          $0.field("id", post.id)
          $0.field("name", post.name)
        }
      }
      json.key("devices")
      json.array(devices) { $1.write(to: &$0) }
    }
    return json
  }
}

extension TechDevice {
  fileprivate func write(to json: inout JSONText) {
    json.object { json in
      json.field("id", id)
      json.field("kind", kind.rawValue)
      json.field("name", name)
      json.field("at", at)
      json.field("chinese", state.chinese)
      json.field("english", state.english)
      json.field("level", level.rawValue)
      json.field("sinceMilliseconds", optional: sinceMilliseconds)
      switch heard {
      case .never: json.field("heard", "never")
      case .ago(let milliseconds): json.field("heardMilliseconds", milliseconds)
      case .byChange: break
      }
      json.key("facts")
      json.array(facts) { json, fact in
        json.object {
          $0.field("label", fact.label)
          $0.field("value", fact.value)
          $0.field("ageMilliseconds", optional: fact.ageMilliseconds)
        }
      }
      json.key("faults")
      json.array(faults) { $1.write(to: &$0) }
    }
  }
}
