package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.nn.linear.Linear;

/** An adapted projection. */
public record Site(
    int slot, int place, Linear.Part part, long in, boolean alone, boolean transposed) {

  public String path() {
    return part.path();
  }

  public long width() {
    return part.width();
  }

  /** Returns the same site in a separate layer. */
  Site apart() {
    return new Site(slot, place, new Linear.Part(path(), 0, width()), in, true, transposed);
  }
}
