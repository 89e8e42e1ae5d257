package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.RowOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The LoRA A and B matrices of each adapted projection, as GGUF tensors. */
public final class AdapterTensors {

  private AdapterTensors() {}

  /** A matrix in memory. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Matrix(String name, List<Long> shape, TensorType type, float[] values)
      implements TensorSource {

    /** Creates one matrix, or the matrices of several experts concatenated by rows. */
    static Matrix of(String name, TensorType type, int columns, float[] values, int count) {
      long rows = values.length / columns / count;
      return new Matrix(
          name,
          count == 1 ? List.of((long) columns, rows) : List.of((long) columns, rows, (long) count),
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

  public static List<TensorSource> of(ModelWeights weights, GgufFamily family, TensorType type) {
    LayerMerge merge = weights.merge().orElseThrow();
    List<TensorSource> tensors = new ArrayList<>();
    List<String> paths = new ArrayList<>(merge.paths());
    Collections.sort(paths);
    Map<String, ExpertFactors> stacks = new LinkedHashMap<>();
    for (String path : paths) {
      List<Place> places = family.toGguf(path + ".weight", weights.config());
      if (places.isEmpty()) {
        throw new CheckpointException(path + ": GGUF files have no place for it.");
      }
      LayerMerge.Product product = weights.product(path);
      for (Place place : places) {
        if (place.expert() == Place.ALONE) {
          add(place, product, merge.alpha(), type, tensors);
        } else {
          stacks
              .computeIfAbsent(place.name(), name -> new ExpertFactors())
              .add(place.expert(), factors(place, product));
        }
      }
    }
    Map<String, Integer> experts = experts(weights, family);
    stacks.forEach(
        (name, stack) -> {
          int count = Objects.requireNonNull(experts.get(name));
          int rank = stack.rank();
          tensors.add(Matrix.of(name + ".lora_a", type, stack.in(), stack.a(count), count));
          tensors.add(
              Matrix.of(name + ".lora_b", type, rank, stack.b(count, merge.alpha()), count));
        });
    return tensors;
  }

  /** Returns the number of experts in each tensor, keyed by its name. */
  private static Map<String, Integer> experts(ModelWeights weights, GgufFamily family) {
    Map<String, Integer> experts = new HashMap<>();
    for (String stored : weights.shapes().keySet()) {
      for (Place place : family.toGguf(stored, weights.config())) {
        if (place.expert() != Place.ALONE) {
          experts.merge(place.name(), place.expert() + 1, Math::max);
        }
      }
    }
    return experts;
  }

  /** Returns the two matrices in the file's order of rows and columns. */
  private static LayerMerge.Product factors(Place place, LayerMerge.Product product) {
    int in = product.a().length / product.rank();
    return new LayerMerge.Product(
        product.rank(),
        reorderedColumns(product.a(), in, place.layout().columns()),
        reordered(product.b(), product.rank(), place.layout()),
        product.scale());
  }

  private static void add(
      Place place,
      LayerMerge.Product product,
      double alpha,
      TensorType type,
      List<TensorSource> tensors) {
    LayerMerge.Product own = factors(place, product);
    int rank = own.rank();
    float[] b = own.b().clone();
    // The file's scale is alpha / rank for every matrix; where the adapter's differs, B has it.
    double factor = product.scale() * rank / alpha;
    if (Math.abs(factor - 1) > 1e-12) {
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (b[i] * factor);
      }
    }
    int in = own.a().length / rank;
    tensors.add(Matrix.of(place.name() + ".lora_a", type, in, own.a(), 1));
    tensors.add(Matrix.of(place.name() + ".lora_b", type, rank, b, 1));
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
