internal import CPUDevice
internal import Glibc
internal import Training

/// What the command line asks for.
struct Options {
  enum Suite: String, CaseIterable {
    case peaks, kernels, products, loader, pictures, steps
    /// Takes too long to be measured unless it is asked for.
    case batches
    /// Writes gigabytes to the disk.
    case checkpoints
  }

  struct Mistake: Error, CustomStringConvertible {
    let description: String
  }

  var suites = Set(Suite.allCases).subtracting([.batches, .checkpoints])
  /// How long each row of a table is measured.
  var seconds = 0.5
  var threads = max(1, EnvironmentRecord.usableCoreCount())
  var imagesPerChunk = 32
  var tokensPerChunk = 2_048
  var includesRealSize = false
  var largeBatch = 32_768
  var memoryBudgetBytes = 6 << 30
  var products = ProductFormat.float32
  /// A folder of pictures to decode.
  var pictures: String?
  /// Where figures go as JSON, besides the tables.
  var figuresPath: String?
  var wantsHelp = false

  static let usage = """
    Usage: Benchmarks [options], from the repository's root; `make bench` runs all but batches and
    checkpoints.

      --only LIST           of \(Suite.allCases.map(\.rawValue).joined(separator: ","))
      --seconds S           spent on each row of a table (default 0.5), ten times that on a step
      --threads N           compute threads (default: all usable cores)
      --images-per-chunk N  of the whole steps (default 32)
      --tokens-per-chunk N  of the whole steps (default 2048)
      --bfloat16            products in BF16; the bound is then twice sgemm
      --pictures DIR        decode the pictures of this folder, too
      --real-size           add steps of published sizes, which take minutes; checkpoints of one
      --large-batch N       pairs that the suite batches compares with 256 (default 32768)
      --memory-budget MIB   what activations that are kept may take (default 6144)
      --json FILE           write the figures of steps, batches and checkpoints there, too
      --help                show this
    """

  static func parse(_ arguments: ArraySlice<String>) -> Result<Options, Mistake> {
    var options = Options()
    var rest = arguments
    do throws(Mistake) {
      while let argument = rest.popFirst() { try options.take(argument, from: &rest) }
    } catch {
      return .failure(error)
    }
    return .success(options)
  }

  private mutating func take(
    _ argument: String, from rest: inout ArraySlice<String>
  ) throws(Mistake) {
    switch argument {
    case "--only":
      suites = []
      for name in (rest.popFirst() ?? "").split(separator: ",") {
        guard let suite = Suite(rawValue: String(name)) else {
          throw Mistake(description: "There is no suite \(name).")
        }
        suites.insert(suite)
      }
    case "--seconds":
      guard let value = rest.popFirst().flatMap(Double.init), value > 0 else {
        throw Mistake(description: "--seconds needs a number above 0.")
      }
      seconds = value
    case "--threads": threads = try Self.count(argument, &rest)
    case "--images-per-chunk": imagesPerChunk = try Self.count(argument, &rest)
    case "--tokens-per-chunk": tokensPerChunk = try Self.count(argument, &rest)
    case "--pictures":
      guard let folder = rest.popFirst() else {
        throw Mistake(description: "--pictures needs a folder.")
      }
      pictures = folder
    case "--json":
      guard let path = rest.popFirst() else { throw Mistake(description: "--json needs a file.") }
      figuresPath = path
    case "--large-batch": largeBatch = try Self.count(argument, &rest)
    case "--memory-budget": memoryBudgetBytes = try Self.count(argument, &rest) << 20
    case "--bfloat16": products = .bfloat16
    case "--real-size": includesRealSize = true
    case "--help": wantsHelp = true
    default: throw Mistake(description: "\(argument) is no option.")
    }
  }

  private static func count(
    _ option: String, _ rest: inout ArraySlice<String>
  ) throws(Mistake) -> Int {
    guard let value = rest.popFirst().flatMap({ Int($0) }), value > 0 else {
      throw Mistake(description: "\(option) needs a whole number above 0.")
    }
    return value
  }
}
