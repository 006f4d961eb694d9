internal import ProtobufSchemas
internal import SwiftProtobuf

/// The messages of a model, without the tensors that are streamed.
extension ONNXModel {
  /// Everything but the graph.
  var frame: ONNXModelProto {
    .with {
      $0.irVersion = operatorSet.formatVersion
      $0.producerName = ONNXModel.producer
      $0.opsetImport = [
        .with {
          $0.domain = ""
          $0.version = operatorSet.rawValue
        }
      ]
      $0.metadataProps =
        metadata.map { .entry($0.key, $0.value) }
        + [.entry(ContentDigest.key, ContentDigest.placeholder)]
    }
  }

  /// Nodes, inputs, outputs and the constants of lowering; parameters are not in it.
  var graphWithoutParameters: ONNXGraphProto {
    .with {
      $0.name = name
      $0.node = nodes.map(\.message)
      $0.input = inputs.map(\.message)
      $0.output = outputs.map(\.message)
      $0.initializer = initializers.compactMap { initializer in
        switch initializer.contents {
        case .parameter: return nil
        case .floats(let values):
          var message = initializer.messageWithoutValues
          message.floatData = values
          return message
        case .integers(let values):
          var message = initializer.messageWithoutValues
          message.int64Data = values.map(Int64.init)
          return message
        }
      }
    }
  }
}

extension ONNXInitializer {
  /// Name, type and dimensions; without dimensions it is a scalar.
  var messageWithoutValues: ONNXTensorProto {
    .with {
      $0.name = name
      $0.dataType = elementType.rawValue
      $0.dims = sizes.map(Int64.init)
    }
  }
}

extension ONNXNode {
  var message: ONNXNodeProto {
    .with {
      $0.opType = operatorName
      $0.name = output
      $0.input = inputs
      $0.output = [output]
      $0.attribute = attributes.map(\.message)
    }
  }
}

extension ONNXNode.Attribute {
  var message: ONNXAttributeProto {
    .with {
      $0.name = name
      switch value {
      case .integer(let integer):
        $0.i = Int64(integer)
        $0.type = .int
      case .integers(let integers):
        $0.ints = integers.map(Int64.init)
        $0.type = .ints
      case .float(let float):
        $0.f = float
        $0.type = .float
      }
    }
  }
}

extension ONNXValue {
  var message: ONNXValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = elementType.rawValue
      $0.type.tensorType.shape.dim = dimensions.map { dimension in
        .with {
          switch dimension {
          case .fixed(let size): $0.dimValue = Int64(size)
          case .named(let name): $0.dimParam = name
          }
        }
      }
    }
  }
}

extension ONNXStringStringEntryProto {
  static func entry(_ key: String, _ value: String) -> ONNXStringStringEntryProto {
    .with {
      $0.key = key
      $0.value = value
    }
  }
}
