package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * LoRA matrices of experts that are stacked in files. Experts without matrices, and ranks below the
 * largest, are padded with zeros.
 */
final class ExpertFactors {

  private final SortedMap<Integer, LayerMerge.Product> products = new TreeMap<>();

  void add(int expert, LayerMerge.Product product) {
    products.put(expert, product);
  }

  int rank() {
    return products.values().stream().mapToInt(LayerMerge.Product::rank).max().orElseThrow();
  }

  int in() {
    LayerMerge.Product any = any();
    return any.a().length / any.rank();
  }

  private int out() {
    LayerMerge.Product any = any();
    return any.b().length / any.rank();
  }

  private LayerMerge.Product any() {
    return products.values().iterator().next();
  }

  /** Returns the A matrices, [experts, rank, in]. */
  float[] a(int experts) {
    int size = Math.multiplyExact(rank(), in());
    float[] all = new float[Math.multiplyExact(size, experts)];
    products.forEach(
        (expert, product) ->
            System.arraycopy(product.a(), 0, all, expert * size, product.a().length));
    return all;
  }

  /**
   * Returns the B matrices, [experts, out, rank], with each expert's scale relative to alpha / rank
   * folded in.
   */
  float[] b(int experts, double alpha) {
    int rank = rank();
    int out = out();
    float[] all = new float[Math.multiplyExact(Math.multiplyExact(rank, out), experts)];
    products.forEach(
        (expert, product) -> {
          double factor = product.scale() * rank / alpha;
          int own = product.rank();
          for (int row = 0; row < out; row++) {
            for (int i = 0; i < own; i++) {
              all[(expert * out + row) * rank + i] = (float) (product.b()[row * own + i] * factor);
            }
          }
        });
    return all;
  }
}
