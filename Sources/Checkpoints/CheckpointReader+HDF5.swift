internal import CHDF5

extension CheckpointReader {
  /// The version of the HDF5 library in use.
  public static var hdf5Version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }
}
