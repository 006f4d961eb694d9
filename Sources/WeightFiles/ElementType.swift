/// The number format of a tensor's elements, under its safetensors name.
///
/// The last ones can be listed, not read: they are no plain numbers, or not whole bytes.
public enum ElementType: String, Sendable, CaseIterable {
  case boolean = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case int64 = "I64"
  case uint64 = "U64"
  case float64 = "F64"
  case complex64 = "C64"
  case float8e4m3 = "F8_E4M3"
  case float8e5m2 = "F8_E5M2"
  case float8e8m0 = "F8_E8M0"
  case float8e4m3fnuz = "F8_E4M3FNUZ"
  case float8e5m2fnuz = "F8_E5M2FNUZ"
  case float6e2m3 = "F6_E2M3"
  case float6e3m2 = "F6_E3M2"
  case float4 = "F4"

  public var bitCount: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .boolean, .uint8, .int8, .float8e4m3, .float8e5m2, .float8e8m0, .float8e4m3fnuz,
      .float8e5m2fnuz:
      8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .int64, .uint64, .float64, .complex64: 64
    }
  }

  /// Whether elements of this type can be turned into `Float`.
  public var isReadable: Bool {
    switch self {
    case .boolean, .uint8, .int8, .int16, .uint16, .float16, .bfloat16, .int32, .uint32, .float32,
      .int64, .uint64, .float64:
      true
    case .complex64, .float8e4m3, .float8e5m2, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz,
      .float6e2m3, .float6e3m2, .float4:
      false
    }
  }

  /// Bytes of an element; only for types of whole bytes.
  var byteCount: Int {
    precondition(bitCount % 8 == 0, "\(rawValue) elements are \(bitCount) bits")
    return bitCount / 8
  }

  /// The type that `torch.NAME` stands for, such as `torch.float32`.
  init?(torchName: String) {
    switch torchName {
    case "bool": self = .boolean
    case "uint8": self = .uint8
    case "int8": self = .int8
    case "int16", "short": self = .int16
    case "uint16": self = .uint16
    case "float16", "half": self = .float16
    case "bfloat16": self = .bfloat16
    case "int32", "int": self = .int32
    case "uint32": self = .uint32
    case "float32", "float": self = .float32
    case "int64", "long": self = .int64
    case "uint64": self = .uint64
    case "float64", "double": self = .float64
    case "complex64": self = .complex64
    case "float8_e4m3fn": self = .float8e4m3
    case "float8_e5m2": self = .float8e5m2
    case "float8_e8m0fnu": self = .float8e8m0
    case "float8_e4m3fnuz": self = .float8e4m3fnuz
    case "float8_e5m2fnuz": self = .float8e5m2fnuz
    default: return nil
    }
  }

  /// The type that `torch.NAMEStorage` holds.
  init?(torchStorageName: String) {
    switch torchStorageName {
    case "FloatStorage": self = .float32
    case "HalfStorage": self = .float16
    case "BFloat16Storage": self = .bfloat16
    case "DoubleStorage": self = .float64
    case "LongStorage": self = .int64
    case "IntStorage": self = .int32
    case "ShortStorage": self = .int16
    case "CharStorage": self = .int8
    case "ByteStorage": self = .uint8
    case "BoolStorage": self = .boolean
    default: return nil
    }
  }
}
