package io.adapt4j.core.method;

/** Holds weights as the checkpoint has them. */
enum AsStored implements WeightFormat {
  INSTANCE;

  @Override
  public String description() {
    return "as stored";
  }
}
