package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.LayerMerge;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.family.Layout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The two matrices of each projection that a LoRA adapter changes, as a GGUF file has them. */
public final class AdapterTensors {

  private AdapterTensors() {}

  /** A matrix in memory. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Matrix(String name, List<Long> shape, TensorType type, float[] values)
      implements TensorSource {

    static Matrix of(String name, TensorType type, int columns, float[] values) {
      return new Matrix(
          name,
          List.of((long) columns, (long) values.length / columns),
          TypeMix.fitting(type, columns),
          values);
    }

    @Override
    public void writeTo(WritableByteChannel target) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(type.bytes(values.length)));
      Quantizer.of(type).quantize(values, 0, values.length, bytes);
      target.write(bytes.flip());
    }
  }

  /**
   * Reads an adapter.
   *
   * @param weights the base with the adapter, which is nothing but products
   * @param family the base's family
   * @param type how the matrices are stored; those whose rows it does not divide get F16
   * @return the matrices, by the names of the base's tensors
   */
  public static List<TensorSource> of(ModelWeights weights, GgufFamily family, TensorType type) {
    LayerMerge merge = weights.merge().orElseThrow();
    List<TensorSource> tensors = new ArrayList<>();
    List<String> paths = new ArrayList<>(merge.paths());
    Collections.sort(paths);
    for (String path : paths) {
      List<GgufFamily.Place> places = family.allInGguf(path + ".weight", weights.config());
      if (places.isEmpty()) {
        throw new CheckpointException(path + ": GGUF files have no place for it.");
      }
      if (places.get(0).expert() != GgufFamily.Place.ALONE) {
        throw new CheckpointException(
            path
                + ": an adapter on experts is not written as a GGUF file of its own. Export the"
                + " model with the adapter merged into it.");
      }
      LayerMerge.Product product = weights.product(path);
      int rank = product.rank();
      // The file's scale is alpha / rank for every matrix; where the adapter's differs, B has it.
      double factor = product.scale() * rank / merge.alpha();
      int in = product.a().length / rank;
      for (GgufFamily.Place place : places) {
        float[] b = reordered(product.b(), rank, place.layout());
        if (Math.abs(factor - 1) > 1e-12) {
          b = b.clone();
          for (int i = 0; i < b.length; i++) {
            b[i] = (float) (b[i] * factor);
          }
        }
        tensors.add(Matrix.of(place.name() + ".lora_a", type, in, product.a()));
        tensors.add(Matrix.of(place.name() + ".lora_b", type, rank, b));
      }
    }
    return tensors;
  }

  private static float[] reordered(float[] b, int rank, Layout layout) {
    if (!layout.reordersRows()) {
      return b;
    }
    int rows = Math.toIntExact(layout.ggufRows(b.length / rank));
    float[] reordered = new float[rows * rank];
    for (int row = 0; row < rows; row++) {
      int stored = (int) layout.storedRow(row, rows);
      System.arraycopy(b, stored * rank, reordered, row * rank, rank);
    }
    return reordered;
  }
}
