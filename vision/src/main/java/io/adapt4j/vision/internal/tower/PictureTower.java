package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.List;

/**
 * An image tower with its projector: pixels in, features in the width of the text model out. Not
 * thread safe.
 */
public interface PictureTower extends AutoCloseable {

  /**
   * Computes the features of pictures. Their tensors belong to the scope that is open at the call.
   */
  PictureFeatures forward(Ops ops, PixelBatch pixels);

  /** Returns the parameters and linear layers, tower first. */
  TowerWeights weights();

  /** Returns the slots of all linear layers, at which adapters attach. */
  default List<LinearSlot> linears() {
    return weights().linears();
  }

  @Override
  default void close() {
    weights().close();
  }
}
