internal import CInstructions
internal import Glibc

/// Levels of instructions that our loops are compiled for; each has those before it.
///
/// A process uses the best one that its processor has, or a lower one that the environment asks
/// for. All products and loops follow it; OpenBLAS has a variable of its own for the same.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// What every x86-64 has; elsewhere, what the compiler was told.
  case baseline
  /// x86-64-v3: AVX2 with fused multiply-add.
  case avx2
  /// x86-64-v4: AVX-512, and its products of BF16 where the processor has them.
  case avx512

  /// The variable that asks for a level; read as the process starts.
  public static let variable = "DUIQI_INSTRUCTIONS"
  /// The variable that names OpenBLAS's kernels; it reads it as it is loaded.
  public static let openBLASVariable = "OPENBLAS_CORETYPE"

  /// The best level of this processor.
  public static var best: InstructionSet { allCases[Int(dq_best_instructions())] }

  /// The level in use.
  public static var current: InstructionSet { allCases[Int(dq_instructions())] }

  /// What the environment asks for, if anything.
  public static var wanted: String? {
    guard let text = dq_wanted_instructions(), text.pointee != 0 else { return nil }
    return String(cString: text)
  }

  /// The kernels of OpenBLAS that go with a level; nothing where its own choice does.
  public var openBLASKernels: String? {
    switch self {
    case .baseline: "Prescott"
    case .avx2: "Haswell"
    case .avx512: nil
    }
  }

  /// The kernels that OpenBLAS has to be told of, before it is loaded, to go down as our loops do;
  /// nothing where it chose among what is allowed, or was told something already.
  public static var missingLibraryKernels: String? {
    guard current < best, getenv(openBLASVariable) == nil else { return nil }
    return current.openBLASKernels
  }

  /// Checks what the environment asks for; what it should not ask for has no effect.
  public static func checkWanted() throws(InstructionError) {
    try check(wanted, best: best)
  }

  static func check(_ wanted: String?, best: InstructionSet) throws(InstructionError) {
    guard let wanted else { return }
    guard let level = InstructionSet(rawValue: wanted) else {
      throw .unknownLevel(found: wanted)
    }
    guard level <= best else { throw .missingInstructions(wanted: level, best: best) }
  }
}

extension InstructionSet: Comparable {
  /// The level's place in CInstructions.h.
  private var number: Int32 {
    switch self {
    case .baseline: Int32(dq_baseline)
    case .avx2: Int32(dq_avx2)
    case .avx512: Int32(dq_avx512)
    }
  }

  public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
    left.number < right.number
  }
}

/// Why the environment's wish for a level of instructions cannot be met.
public enum InstructionError: Error, Equatable {
  case unknownLevel(found: String)
  case missingInstructions(wanted: InstructionSet, best: InstructionSet)
}

extension InstructionError: CustomStringConvertible {
  public var description: String {
    let variable = InstructionSet.variable
    switch self {
    case .unknownLevel(let found):
      let names = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      return "\(variable) is `\(found)`. One of \(names) was expected. Correct it or unset it."
    case .missingInstructions(let wanted, let best):
      return "\(variable) is \(wanted.rawValue), and this processor has \(best.rawValue) at most. "
        + "A level that it has was expected. Choose a lower one or unset it."
    }
  }
}
