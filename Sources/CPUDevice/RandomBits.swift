internal import CKernels

/// The counter generator that decides dropout, for draws that are made outside of programs.
public enum RandomBits {
  /// The 32 bits that belong to (key, site, index), whatever was drawn before: Philox 4x32-10.
  ///
  /// - Parameter site: what is drawn for; dropout has the lowest numbers.
  public static func bits(key: UInt64, site: UInt32, index: Int) -> UInt32 {
    dq_random_uint32(key, site, UInt64(index))
  }
}
