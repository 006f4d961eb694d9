/// The version of duiqi, as checkpoints, logs and exported models name it.
public enum ToolVersion {
  public static let current = "0.1.0"
}
