package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * The part of a model that computes rows of pictures, with the pictures that training data refers
 * to. Each row of a picture has an id above those of the vocabulary. Adapters attach to its linear
 * layers, and its parameters may train in full. Computing is not thread safe; finding is.
 */
public interface PictureEncoder extends AutoCloseable {

  /**
   * Rows of pictures, those of all pictures in order.
   *
   * @param rows [1, rows, hidden]
   * @param deeper what is added to these places after each of the first layers, in the same shape
   */
  record Encoded(Tensor rows, List<Tensor> deeper) {}

  /** A picture of training data: its first id, and the layout of its rows. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Known(int first, int rows, int[][] places, int span) {}

  /** Returns the linear layers. */
  List<LinearSlot> linears();

  /** Returns every parameter once. */
  List<Parameter> parameters();

  /** Reads the weights. */
  void load(Checkpoint checkpoint, DType type);

  /** Returns the values under the names and in the shapes of the base, for writing. */
  List<TensorData> tensors(Checkpoint base, StoredType type);

  /** Returns the picture that an id belongs to. */
  Known find(int id);

  /** Computes the rows of pictures, which are given by their first ids. */
  Encoded encode(Ops ops, int[] firstIds);

  @Override
  void close();
}
