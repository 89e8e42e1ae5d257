package io.adapt4j.gguf.internal.family;

/** Declaration of a family that states all of its tensor names and keys itself. */
final class PlainFamily extends FamilyDeclaration<PlainFamily> {

  PlainFamily(String architecture, String modelType, String modelClass) {
    super(architecture, modelType, modelClass);
  }
}
