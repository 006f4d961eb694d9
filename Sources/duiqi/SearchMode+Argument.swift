public import ArgumentParser
public import Training

/// Modes are given by their names.
extension SearchMode: ExpressibleByArgument {}
