import DeviceVocabulary
import StaffAccess
import Station

/// The wall's requests by text, for the command line: the same as at `/api/wall/…`, with the same answers.
public enum WallControl {
  /// What answered: as a page would be told it.
  public struct Answer: Sendable {
    /// 200 to 299 is yes.
    public var status: Int
    public var json: String
  }

  /// The newest picture of the wall. While visitors are here a terminal may stand in their sight as a page does.
  ///
  /// - Parameter isAll: somebody has asked for what is not for them as well.
  public static func show(_ view: WallView, _ desk: DeskView?, isAll: Bool) -> Answer {
    Answer(status: 200, json: view.json(desk.map(WallOpenCards.init) ?? WallOpenCards(), isForPages: !isAll).string)
  }

  /// Whether a source may be told of while visitors are here.
  public static func mayTell(_ source: String, of view: WallView) -> Bool { !view.sourcesToConceal.contains(source) }

  /// A layout as text, to be changed and applied again; `nil`: there is no such layout.
  public static func layout(_ id: String, of view: WallView) -> String? {
    view.layouts.first { $0.id == id }.map { WallLayoutText.write($0) }
  }

  /// - Parameters:
  ///   - verb: of `/api/wall/VERB`.
  ///   - body: its JSON; what wants a login at the page has `id` and `code` here.
  ///   - door: it takes as long as a login where one is wanted.
  public static func request(
    _ verb: String, _ body: String, isRehearsal: Bool, view: WallView, door: StaffDoor?,
    submit: (String, DeskRequest.Action) -> DeskAnswer
  ) -> Answer {
    guard let wanted = WallVerb(rawValue: verb) else {
      return Answer(HTTPReply(404, .notFound, at: verb, accepted: WallVerb.accepted))
    }
    do throws(BadRequest) {
      let buffer = SecretBuffer(capacity: body.utf8.count)
      buffer.fill(from: body.utf8)
      let (post, proof, action) = try wanted.read(buffer, isAtPage: false)
      let asked: WallAction = isRehearsal ? .rehearse(action) : action
      if asked.needsProof, let refused = refusal(proof, verb, for: post, door) { return Answer(refused) }
      let answer = submit(post, .wall(asked))
      return Answer(HTTPReply(answer, because: action.mistake(answer, view)))
    } catch {
      return Answer(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }

  /// The same as at the page, and written down in the same way.
  private static func refusal(_ proof: WallVerb.Proof, _ verb: String, for post: String, _ door: StaffDoor?) -> HTTPReply? {
    let staff = PageGuard(door: door, page: .wall)
    return staff.refusalUnconfirmed(proof.isConfirmed)
      ?? staff.refusalWithoutLogin(id: proof.id, code: proof.code, "/api/wall/\(verb)", for: post)
  }
}

extension WallControl.Answer {
  fileprivate init(_ reply: HTTPReply) {
    status = reply.status
    json = String(decoding: reply.body, as: UTF8.self)
  }
}
