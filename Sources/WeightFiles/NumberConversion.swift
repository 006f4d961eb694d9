/// Turns elements of a file, little-endian as all that are read here, into `Float`.
enum NumberConversion {
  /// - Parameters:
  ///   - bytes: whole elements of a readable type.
  ///   - target: as many numbers.
  static func convert(
    _ bytes: UnsafeRawBufferPointer, of type: ElementType, into target: UnsafeMutablePointer<Float>
  ) {
    switch type {
    case .float32: each(bytes, target, UInt32.self) { Float(bitPattern: $0) }
    case .float16: each(bytes, target, UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: each(bytes, target, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float64: each(bytes, target, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .boolean: each(bytes, target, UInt8.self) { $0 == 0 ? 0 : 1 }
    case .uint8: each(bytes, target, UInt8.self) { Float($0) }
    case .int8: each(bytes, target, Int8.self) { Float($0) }
    case .uint16: each(bytes, target, UInt16.self) { Float($0) }
    case .int16: each(bytes, target, Int16.self) { Float($0) }
    case .uint32: each(bytes, target, UInt32.self) { Float($0) }
    case .int32: each(bytes, target, Int32.self) { Float($0) }
    case .uint64: each(bytes, target, UInt64.self) { Float($0) }
    case .int64: each(bytes, target, Int64.self) { Float($0) }
    case .complex64, .float8e4m3, .float8e5m2, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz,
      .float6e2m3, .float6e3m2, .float4:
      preconditionFailure("\(type.rawValue) is not readable; asked before the bytes are read")
    }
  }

  private static func each<Raw: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<Float>, _: Raw.Type,
    _ number: (Raw) -> Float
  ) {
    let width = MemoryLayout<Raw>.size
    for index in 0..<bytes.count / width {
      let raw = bytes.loadUnaligned(fromByteOffset: index * width, as: Raw.self)
      target[index] = number(Raw(littleEndian: raw))
    }
  }
}
