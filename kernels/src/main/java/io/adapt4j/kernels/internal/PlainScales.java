package io.adapt4j.kernels.internal;

/** Scales stored as floats. The record owns the array. */
@SuppressWarnings("ArrayRecordComponent") // never compared; copies would double large scales
public record PlainScales(float[] values) implements Scales {

  @Override
  public int count() {
    return values.length;
  }

  @Override
  public float of(int block) {
    return values[block];
  }

  @Override
  public long bytes() {
    return (long) values.length * Float.BYTES;
  }
}
