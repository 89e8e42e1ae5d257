package io.adapt4j.vision.internal.image;

/**
 * Library whose arithmetic of resizing is followed; the results differ by one unit here and there.
 */
public enum Resampling {
  /** Pillow. */
  PILLOW,
  /** torchvision on 8-bit tensors with antialias. */
  TORCHVISION,
  /** torchvision's way through 32-bit floats, rounded half to even. */
  TORCHVISION_FLOAT
}
