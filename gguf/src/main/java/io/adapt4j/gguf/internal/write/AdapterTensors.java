package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.LayerMerge;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.family.Layout;
import io.adapt4j.gguf.internal.family.Place;
import io.adapt4j.gguf.internal.family.RowOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
      List<Place> places = family.toGguf(path + ".weight", weights.config());
      if (places.isEmpty()) {
        throw new CheckpointException(path + ": GGUF files have no place for it.");
      }
      if (places.get(0).expert() != Place.ALONE) {
        throw new CheckpointException(
            path
                + ": files have this matrix in one tensor with others, as those of experts are, and"
                + " an adapter on it is not written as a GGUF file of its own. Export the model"
                + " with the adapter merged into it.");
      }
      LayerMerge.Product product = weights.product(path);
      for (Place place : places) {
        add(place, product, merge.alpha(), type, tensors);
      }
    }
    return tensors;
  }

  private static void add(
      Place place,
      LayerMerge.Product product,
      double alpha,
      TensorType type,
      List<TensorSource> tensors) {
    int rank = product.rank();
    int in = product.a().length / rank;
    float[] a = reorderedColumns(product.a(), in, place.layout().columns());
    float[] b = reordered(product.b(), rank, place.layout());
    // The file's scale is alpha / rank for every matrix; where the adapter's differs, B has it.
    double factor = product.scale() * rank / alpha;
    if (Math.abs(factor - 1) > 1e-12) {
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (b[i] * factor);
      }
    }
    tensors.add(Matrix.of(place.name() + ".lora_a", type, in, a));
    tensors.add(Matrix.of(place.name() + ".lora_b", type, rank, b));
  }

  private static float[] reorderedColumns(float[] a, int in, @Nullable RowOrder order) {
    if (order == null) {
      return a;
    }
    float[] reordered = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      reordered[i] = a[i - i % in + (int) order.storedRow(i % in, in)];
    }
    return reordered;
  }

  private static float[] reordered(float[] b, int rank, Layout layout) {
    if (!layout.reordersRows() && layout.keepsValues()) {
      return b;
    }
    int rows = Math.toIntExact(layout.order().rows(b.length / rank));
    float[] reordered = new float[rows * rank];
    for (int row = 0; row < rows; row++) {
      int stored = (int) layout.storedRow(row, rows);
      for (int i = 0; i < rank; i++) {
        reordered[row * rank + i] = layout.values().toGguf(b[stored * rank + i], stored);
      }
    }
    return reordered;
  }
}
