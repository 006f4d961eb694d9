public import ArgumentParser
public import Training

/// Precisions are given by their names.
extension Recipe.Precision: ExpressibleByArgument {}
