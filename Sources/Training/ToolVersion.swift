/// The version of duiqi, as checkpoints, exports, logs and `--version` state it.
public enum ToolVersion {
  public static let current = "0.1.0"
}
