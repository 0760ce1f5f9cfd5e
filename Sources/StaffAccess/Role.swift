/// What somebody of the staff is there for.
public enum Role: String, Sendable, Codable, CaseIterable {
  case clerk, duty, `operator`, technician, inspector

  /// Pages whose buttons work.
  var acts: [StaffPage] {
    switch self {
    case .clerk: [.window]
    case .duty: [.desk]
    case .operator: [.desk, .wall]
    case .technician: [.technician]
    case .inspector: []
    }
  }

  /// Pages that are shown, beside those.
  var looks: [StaffPage] {
    switch self {
    case .clerk: []
    case .duty: [.window]
    case .operator: []
    case .technician: [.desk]
    case .inspector: StaffPage.allCases
    }
  }
}

public enum StaffPage: String, Sendable, CaseIterable {
  case window, desk, wall, technician
}

extension [Role] {
  public func mayAct(on page: StaffPage) -> Bool { contains { $0.acts.contains(page) } }
  public func mayLook(at page: StaffPage) -> Bool { mayAct(on: page) || contains { $0.looks.contains(page) } }
}
