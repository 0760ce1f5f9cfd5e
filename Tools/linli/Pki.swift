import ArgumentParser
import Foundation
import StationIdentity
import StationRuntime

struct Pki: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pki", abstract: "本站的证书机构 / this site's certificate authority",
    subcommands: [Create.self, Issue.self, Renew.self, List.self, Revoke.self, Invite.self])

  /// What all of them begin with: the site file says where the folder is and what the station is called.
  struct Place: ParsableArguments {
    @OptionGroup var file: SiteArgument

    var folder: String { CertificateAuthority.folder(siteFolder: file.folder) }
    func authority() throws -> CertificateAuthority { try CertificateAuthority(folder: folder) }
  }

  static func line(_ issued: IssuedCertificate) -> String {
    "\(issued.serial)  \(issued.station)  至 / until \(issued.notAfter.formatted(.iso8601))"
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "建立证书机构 / makes the authority and this station's certificate")
    @OptionGroup var place: Place

    func run() throws {
      let station = try StationName(try place.file.load().plan.station)
      let authority = try CertificateAuthority.create(folder: place.folder, station: station, at: Date())
      print("已建立 / made: \(authority.folder)")
      print("机构密钥指纹 / key of the authority, SHA-256: \(authority.keyHash)")
      for issued in try authority.list() { print("本站证书 / this station: \(Pki.line(issued))") }
      print("请把 \(authority.folder) 备份到别处并锁好:丢了就要给每个站重发证书,被盗则别人能冒充任何站")
      print(
        "Back this folder up elsewhere, locked away: lost, every station must be enrolled again; stolen, anybody can be any station."
      )
      print("下一步 / next: linli pki invite \(place.file.site) STATION")
    }
  }

  struct Issue: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "手工签发证书(一般用 invite) / issues a certificate by hand; invite is the usual way")
    @OptionGroup var place: Place
    @Argument(help: "站名 / station") var station: String
    @Option(help: "证书请求文件;没有则另造密钥 / request (PKCS#10, PEM); without it a new key is made") var csr: String?
    @Option(help: "写到哪里:有 --csr 时是文件,否则是新文件夹 / where to: a file with --csr, else a new folder") var out: String

    func run() throws {
      let authority = try place.authority()
      let name = try StationName(station)
      let issued: IssuedCertificate
      if let csr {
        issued = try authority.issue(request: try Pki.text(of: csr), for: name, at: Date())
        try Pki.write(issued.pem, to: out)
      } else {
        issued = try authority.issue(for: name, into: out, at: Date())
      }
      print("已签发 / issued: \(Pki.line(issued))\n→ \(out)")
      if csr == nil { print("文件夹里有私钥,请当面交付,不要发邮件 / it holds a private key: hand it over in person") }
    }
  }

  struct Renew: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "更新一个站的证书 / issues a later certificate for a station")
    @OptionGroup var place: Place
    @Argument(help: "站名 / station") var station: String
    @Option(help: "新密钥的证书请求 / request of a new key; without it the key stays") var csr: String?
    @Flag(help: "给本站换新密钥,旧证书作废 / a new key for this station itself; its certificate so far is revoked") var newKey = false
    @Option(help: "把证书写到这个文件 / writes the certificate to this file") var out: String?

    func run() throws {
      let authority = try place.authority()
      let name = try StationName(station)
      if newKey, name != authority.station || csr != nil {
        throw Failure("--new-key 只用于本站 \(authority.station);别的站请用 invite / for \(authority.station) only; others are invited")
      }
      let issued =
        newKey
        ? try authority.rekey(at: Date()) : try authority.renew(name, request: try csr.map { try Pki.text(of: $0) }, at: Date())
      if let out { try Pki.write(issued.pem, to: out) }
      print("已更新 / renewed: \(Pki.line(issued))")
      if name == authority.station {
        print("本站一两秒后起用 / used by this station from a second or two on")
      } else if let out {
        print("→ \(out);旧证书到期前仍可用 / the old one stays good until it ends")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "列出签发过的证书 / every certificate that was issued")
    @OptionGroup var place: Place

    func run() throws {
      let authority = try place.authority()
      let now = Date()
      for issued in try authority.list() {
        let words =
          switch issued.status(at: now) {
          case .valid: "有效 / valid"
          case .renewed: "已换新,到期前仍可用 / renewed, good until it ends"
          case .expired: "已过期 / expired"
          case .revoked: "已吊销 / revoked \(issued.revokedAt.map { $0.formatted(.iso8601) } ?? "")"
          }
        let soon = issued.status(at: now) == .valid && issued.identity.expiryWarning(at: now) != nil
        print("\(Pki.line(issued))  \(words)\(soon ? "  快到期,请更新 / ends soon: renew it" : "")")
      }
      print("吊销表编号 / number of the revocation list: \(try authority.revocations().number)")
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "吊销证书 / makes a certificate count no more")
    @OptionGroup var place: Place
    @Argument(help: "序列号,见 list / serial number, see list") var serial: String

    func run() throws {
      let authority = try place.authority()
      let revoked = try authority.revoke(try Serial(serial), at: Date())
      print("已吊销 / revoked: \(Pki.line(revoked))")
      if revoked.station == authority.station {
        print(
          "这是本站自己的证书:下级站将不再连接,请马上运行 / this station's own: children will refuse it, run at once: linli pki renew \(place.file.site) \(authority.station) --new-key"
        )
      }
    }
  }

  static func text(of path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Failure("读不了 \(path) / cannot read it")
    }
    return text
  }

  static func write(_ text: String, to path: String) throws {
    do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
      throw Failure("写不了 \(path) / cannot write it")
    }
  }
}

extension SiteArgument {
  /// Of the site file; empty for the working folder.
  var folder: String { Self.folder(of: site) }

  static func folder(of site: String) -> String { (site as NSString).deletingLastPathComponent }
}
