package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.Factorization;

/**
 * Low-rank update that makes the outputs of a linear layer as small as its rank allows for some
 * inputs: A projects on the inputs' leading principal directions, and B subtracts the outputs there
 * by least squares.
 */
final class LeastOutputs {

  /** Share of the largest singular value below which a direction is noise. */
  private static final double NOISE = 1e-5;

  private LeastOutputs() {}

  /**
   * Fills an update within the open scope. Rows of A beyond the rank of the inputs keep their
   * values, and B is 0 there.
   *
   * @param a [rank, in]
   * @param b [out, rank]
   * @param inputs F32 [N, in]
   * @param outputs outputs of the layer without the update, F32 [N, out]
   */
  static void fill(Tensor a, Tensor b, Tensor inputs, Tensor outputs, double scale) {
    int rank = (int) Math.min(a.size(0), Math.min(inputs.size(0), inputs.size(1)));
    Factorization found = Factorization.principal(inputs, rank, 0);
    double[] singular = singularValues(found.right(), rank);
    int used = 0;
    while (used < rank && singular[used] > NOISE * singular[0] && singular[0] > 0) {
      used++;
    }
    if (used == 0) {
      return;
    }
    float[] ofA = new float[used * used];
    float[] ofB = new float[used * used];
    for (int i = 0; i < used; i++) {
      ofA[i * used + i] = (float) Math.pow(singular[i], -0.5);
      ofB[i * used + i] = (float) (-Math.pow(singular[i], -1.5) / scale);
    }
    a.narrow(0, 0, used)
        .copyFrom(Tensor.of(ofA, used, used).times(found.right().narrow(0, 0, used)));
    b.narrow(1, 0, used)
        .copyFrom(
            outputs
                .transposed()
                .times(found.left().narrow(1, 0, used))
                .times(Tensor.of(ofB, used, used)));
  }

  /** Each right vector has the square root of its singular value as its length. */
  private static double[] singularValues(Tensor right, int rank) {
    float[] values = right.toFloats();
    int in = values.length / rank;
    double[] singular = new double[rank];
    for (int i = 0; i < values.length; i++) {
      singular[i / in] += (double) values[i] * values[i];
    }
    return singular;
  }
}
