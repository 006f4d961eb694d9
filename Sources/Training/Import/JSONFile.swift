internal import DurableFiles
internal import StrictJSON

/// A JSON file of a model's folder, read member by member with what stands in for missing ones.
struct JSONFile {
  let path: String
  /// Objects in which a member is looked for, the first that has it being taken.
  private let objects: [JSONValue]
  private let name: String

  private static let byteLimit = 64 << 20

  /// - Returns: nothing where there is no such file.
  static func read(_ path: String) throws(ModelError) -> JSONFile? {
    guard FileContents.exists(path) else { return nil }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: byteLimit)
    } catch {
      throw .file(error)
    }
    let value: JSONValue
    do throws(JSONFault) {
      value = try JSONParser.parse(bytes, byteLimit: byteLimit)
    } catch {
      throw .importing(.damagedDescription(path: path, problem: "\(error)"))
    }
    guard case .object = value else {
      throw .importing(.damagedDescription(path: path, problem: "it is no object"))
    }
    return JSONFile(path: path, objects: [value], name: "")
  }

  private init(path: String, objects: [JSONValue], name: String) {
    self.path = path
    self.objects = objects
    self.name = name
  }

  /// An inner object, members of the first of these names before those of the others.
  func object(_ names: String...) -> JSONFile {
    JSONFile(
      path: path,
      objects: names.compactMap { name in
        guard let value = self[name], case .object = value else { return nil }
        return value
      }, name: names.last.map { "\($0)." } ?? "")
  }

  var isEmpty: Bool { objects.isEmpty }

  /// The value of a member; nothing where it is missing or null.
  subscript(member: String) -> JSONValue? {
    for object in objects {
      if let value = object[member], value != .null { return value }
    }
    return nil
  }

  func text(_ member: String, or fallback: String) throws(ModelError) -> String {
    guard let value = self[member] else { return fallback }
    guard let text = value.string else { throw wrong(member, "no text") }
    return text
  }

  func size(
    _ member: String, or fallback: Int, limit: Int64 = 1 << 24
  ) throws(ModelError) -> Int {
    guard let value = self[member] else { return fallback }
    guard let number = value.integer, (1...limit).contains(number) else {
      throw wrong(member, "no number from 1 to \(limit)")
    }
    return Int(number)
  }

  func flag(_ member: String, or fallback: Bool) throws(ModelError) -> Bool {
    guard let value = self[member] else { return fallback }
    guard case .boolean(let flag) = value else { throw wrong(member, "neither true nor false") }
    return flag
  }

  func number(_ member: String, or fallback: Double) throws(ModelError) -> Double {
    guard let value = self[member] else { return fallback }
    guard case .number(let digits) = value, let number = Double(digits), number.isFinite else {
      throw wrong(member, "no finite number")
    }
    return number
  }

  /// Three numbers, one a colour.
  func colours(_ member: String, or fallback: [Float]) throws(ModelError) -> [Float] {
    guard let value = self[member] else { return fallback }
    guard case .array(let values) = value, values.count == 3 else {
      throw wrong(member, "no three numbers")
    }
    var numbers: [Float] = []
    for value in values {
      guard case .number(let digits) = value, let number = Float(digits), number.isFinite else {
        throw wrong(member, "no three numbers")
      }
      numbers.append(number)
    }
    return numbers
  }

  func wrong(_ member: String, _ problem: String) -> ModelError {
    .importing(.damagedDescription(path: path, problem: "`\(name)\(member)` is \(problem)"))
  }
}
