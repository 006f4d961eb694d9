public import ArgumentParser
public import Training

/// Precisions are given by their names, as in a recipe.
extension Recipe.Precision: ExpressibleByArgument {}
