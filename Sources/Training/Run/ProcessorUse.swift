internal import CPUDevice

/// What this process computes with, of what the processor has.
public enum ProcessorUse {
  /// The variable by which OpenBLAS is told of its kernels, before it is loaded.
  public static let openBLASVariable = InstructionSet.openBLASVariable

  /// What that variable has to say, and does not, where `DUIQI_INSTRUCTIONS` forces our loops down.
  public static var missingLibraryKernels: String? { InstructionSet.missingLibraryKernels }

  /// Checks what `DUIQI_INSTRUCTIONS` asks for. - Throws: `ModelError.instructions`.
  public static func check() throws(ModelError) {
    do throws(InstructionError) {
      try InstructionSet.checkWanted()
    } catch {
      throw .instructions(error)
    }
  }

  /// In a line: level of instructions, formats of products, library.
  public static var description: String {
    let formats = ProductFormat.allCases.filter(\.isSupported).map(\.rawValue)
    return "\(instructions); products in \(formats.joined(separator: " or ")); "
      + CPUDevice.openBLASName
  }

  /// The level, and the processor's own where it is another.
  static var instructions: String {
    let (current, best) = (InstructionSet.current, InstructionSet.best)
    return "\(current.rawValue) instructions"
      + (current == best ? "" : " (of \(best.rawValue), by \(InstructionSet.variable))")
  }
}
