package io.adapt4j.gguf.internal.family;

/** Builder of a family that declares all of its tensor names and keys itself. */
final class PlainFamily extends FamilyBuilder<PlainFamily> {

  PlainFamily(String architecture, String modelType, String modelClass) {
    super(architecture, modelType, modelClass);
  }
}
