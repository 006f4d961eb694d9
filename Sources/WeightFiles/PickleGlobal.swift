/// The names that a pickle may speak of; whatever is not here is refused.
///
/// A name is only ever compared. What PyTorch would call, ``PickleMachine`` does itself, with its
/// own few constructors: nothing is looked up, loaded or run.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case counter
  /// `_rebuild_tensor`, and versions 2 and 3 of it.
  case rebuildTensor(version: Int)
  case rebuildParameter
  case rebuildParameterWithState
  case storage(ElementType)
  case untypedStorage
  case typedStorage
  case size
  case device
  case elementType(ElementType)
  /// The classes of tensors and parameters, which stand as arguments only.
  case tensorClass
  case encode
  case byteArray
  case set
  case complex
  case numpyScalar
  case numpyReconstruct
  case numpyType
  case numpyArray
  /// A class of a TorchScript archive; its code is in the archive and stays there.
  case scriptClass
  /// A list of one type, as TorchScript writes it.
  case scriptList
  /// A value with its TorchScript type beside it.
  case scriptTyped

  /// Nothing for a name outside the list.
  init?(module: String, name: String) {
    switch module {
    case "collections":
      switch name {
      case "OrderedDict": self = .orderedDictionary
      case "Counter": self = .counter
      default: return nil
      }
    case "torch._utils":
      switch name {
      case "_rebuild_tensor": self = .rebuildTensor(version: 1)
      case "_rebuild_tensor_v2": self = .rebuildTensor(version: 2)
      case "_rebuild_tensor_v3": self = .rebuildTensor(version: 3)
      case "_rebuild_parameter": self = .rebuildParameter
      case "_rebuild_parameter_with_state": self = .rebuildParameterWithState
      default: return nil
      }
    case "torch.storage":
      switch name {
      case "UntypedStorage": self = .untypedStorage
      case "TypedStorage": self = .typedStorage
      default: return nil
      }
    case "torch": self.init(torch: name)
    case "torch.nn.parameter":
      guard name == "Parameter" else { return nil }
      self = .tensorClass
    // Protocol 2 gives `builtins` its name in Python 2.
    case "builtins", "__builtin__": self.init(builtin: name)
    case "_codecs":
      guard name == "encode" else { return nil }
      self = .encode
    case "numpy", "numpy.core.multiarray", "numpy._core.multiarray":
      self.init(numpy: name, isCore: module != "numpy")
    case "torch.jit._pickle": self.init(script: name)
    case _ where module == "__torch__" || module.hasPrefix("__torch__."): self = .scriptClass
    default: return nil
    }
  }

  private init?(torch name: String) {
    switch name {
    case "Size": self = .size
    case "device": self = .device
    case "Tensor": self = .tensorClass
    default:
      if let type = ElementType(torchStorageName: name) {
        self = .storage(type)
      } else if let type = ElementType(torchName: name) {
        self = .elementType(type)
      } else {
        return nil
      }
    }
  }

  private init?(builtin name: String) {
    switch name {
    case "set": self = .set
    case "bytearray": self = .byteArray
    case "complex": self = .complex
    default: return nil
    }
  }

  private init?(numpy name: String, isCore: Bool) {
    switch (name, isCore) {
    case ("dtype", false): self = .numpyType
    case ("ndarray", false): self = .numpyArray
    case ("scalar", true): self = .numpyScalar
    case ("_reconstruct", true): self = .numpyReconstruct
    default: return nil
    }
  }

  private init?(script name: String) {
    switch name {
    case "build_intlist", "build_tensorlist", "build_doublelist", "build_boollist":
      self = .scriptList
    case "restore_type_tag": self = .scriptTyped
    default: return nil
    }
  }
}
