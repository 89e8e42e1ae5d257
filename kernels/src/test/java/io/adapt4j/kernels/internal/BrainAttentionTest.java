package io.adapt4j.kernels.internal;

import static io.adapt4j.kernels.internal.LayerCase.assertTheSameOnAnyThreads;
import static io.adapt4j.kernels.internal.LayerCase.distance;
import static io.adapt4j.kernels.internal.LayerCase.doubles;
import static io.adapt4j.kernels.internal.LayerCase.random;
import static io.adapt4j.kernels.internal.LayerCase.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.JoinedHeads;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention in bfloat16 in C++, and its derivative, against the same in 64 bits. Probabilities are
 * rounded before values are mixed, and derivatives of scores before they go on, as the operators
 * do.
 */
class BrainAttentionTest {

  /** A result that is off by a rounding or two everywhere; a wrong row would be far outside. */
  private static final double FORWARD = 4e-3;

  private static final double BACKWARD = 6e-3;

  private static final CpuLayerKernels KERNELS = new CpuLayerKernels(CpuVariant.AVX512BF16);

  @BeforeEach
  void needTheInstructions() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    assumeThat(CpuKernelsTest.variants()).contains(CpuVariant.AVX512BF16);
  }

  /** Sizes, and what is seen. */
  record Case(
      int batch,
      int heads,
      int kvHeads,
      int queries,
      int keys,
      int dim,
      boolean causal,
      int window,
      double cap) {

    AttentionRule rule() {
      return new AttentionRule(1 / Math.sqrt(dim), cap, causal, window);
    }

    Tensor q() {
      return random(1, DType.BF16, 1.5, batch, heads, queries, dim);
    }

    Tensor k() {
      return random(2, DType.BF16, 1.5, batch, kvHeads, keys, dim);
    }

    Tensor v() {
      return random(3, DType.BF16, 1, batch, kvHeads, keys, dim);
    }

    Tensor dy() {
      return random(4, DType.BF16, 1, batch, queries, (long) heads * dim);
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        // One block of queries and panel of keys, several, and what is left of them.
        new Case(1, 1, 1, 60, 64, 64, true, 0, 0),
        new Case(2, 4, 2, 7, 7, 16, true, 0, 0),
        new Case(1, 6, 2, 133, 133, 64, true, 0, 0),
        new Case(2, 3, 3, 65, 65, 64, false, 0, 0),
        new Case(1, 2, 1, 129, 129, 80, false, 0, 0),
        new Case(1, 2, 1, 61, 61, 96, true, 0, 0),
        new Case(1, 4, 1, 70, 70, 128, true, 0, 0),
        new Case(1, 2, 2, 62, 62, 256, true, 0, 0),
        new Case(1, 2, 2, 33, 33, 34, true, 0, 0),
        // Windows.
        new Case(1, 4, 2, 200, 200, 32, true, 20, 0),
        new Case(1, 2, 2, 140, 140, 32, true, 1, 0),
        new Case(1, 2, 2, 130, 130, 32, true, 1000, 0),
        new Case(2, 2, 1, 200, 200, 32, false, 9, 0),
        new Case(1, 2, 2, 131, 131, 16, false, 64, 0),
        new Case(1, 2, 2, 65, 65, 16, false, 500, 0),
        // Soft caps.
        new Case(1, 2, 1, 90, 90, 64, true, 0, 2),
        new Case(1, 2, 1, 131, 131, 32, true, 33, 1),
        new Case(1, 2, 2, 70, 70, 16, false, 11, 1),
        // A cache in front of the queries.
        new Case(2, 4, 2, 1, 100, 64, true, 0, 0),
        new Case(1, 4, 2, 5, 131, 64, true, 0, 0),
        new Case(1, 2, 1, 63, 190, 32, true, 40, 0),
        new Case(1, 2, 1, 61, 200, 32, true, 0, 3),
        new Case(1, 2, 1, 10, 75, 16, false, 0, 0));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void valuesAreMixedByWhatQueriesSee(Case sizes) {
    try (Scope scope = Scope.open()) {
      Tensor y = attended(sizes, sizes.q(), sizes.k(), sizes.v());
      assertThat(distance(doubles(y), new Exact(sizes).y)).isLessThan(FORWARD);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attentionIsDifferentiated(Case sizes) {
    try (Scope scope = Scope.open()) {
      Tensor[] found = differentiated(sizes, sizes.q(), sizes.k(), sizes.v());
      Exact exact = new Exact(sizes);
      assertThat(distance(doubles(found[2]), exact.dv)).as("dv").isLessThan(BACKWARD);
      if (sizes.window() == 1 && sizes.causal()) {
        // Each sees itself alone: nothing changes with queries and keys.
        assertThat(doubles(found[0])).containsOnly(0);
        assertThat(doubles(found[1])).containsOnly(0);
      } else {
        assertThat(distance(doubles(found[0]), exact.dq)).as("dq").isLessThan(BACKWARD);
        assertThat(distance(doubles(found[1]), exact.dk)).as("dk").isLessThan(BACKWARD);
      }
    }
  }

  /** Heads of a joined projection, and of a cache that is longer than what it holds. */
  @Test
  void headsMayLieApart() {
    try (Scope scope = Scope.open()) {
      Case sizes = new Case(2, 4, 2, 70, 70, 32, true, 0, 0);
      Tensor joined = random(5, DType.BF16, 1, 2, 70, 8 * 32L);
      Tensor[] parts = Ops.inference().splitHeads(joined, new long[] {4, 2, 2}, 32);
      assertThat(parts[0].isContiguous()).isFalse();
      Tensor[] copies =
          Arrays.stream(parts)
              .map(part -> LayerCase.of(part.toFloats(), DType.BF16, part.sizes()))
              .toArray(Tensor[]::new);
      assertThat(attended(sizes, parts[0], parts[1], parts[2]).toFloats())
          .isEqualTo(attended(sizes, copies[0], copies[1], copies[2]).toFloats());
      Tensor[] found = differentiated(sizes, parts[0], parts[1], parts[2]);
      Tensor[] wanted = differentiated(sizes, copies[0], copies[1], copies[2]);
      assertThat(LayerCase.joined(found)).isEqualTo(LayerCase.joined(wanted));

      Tensor cache = random(6, DType.BF16, 1, 2, 2, 90, 32);
      Tensor held = cache.narrow(2, 0, 70);
      Tensor copy = LayerCase.of(held.toFloats(), DType.BF16, held.sizes());
      assertThat(attended(sizes, parts[0], held, held).toFloats())
          .isEqualTo(attended(sizes, parts[0], copy, copy).toFloats());
    }
  }

  /** Derivatives go where their strides say, such as into a joined projection's. */
  @Test
  void derivativesMayLieApart() {
    try (Scope scope = Scope.open()) {
      Case sizes = new Case(2, 4, 2, 70, 70, 32, true, 0, 0);
      Tensor[] wanted = differentiated(sizes, sizes.q(), sizes.k(), sizes.v());
      Tensor joined = unwritten(DType.BF16, 2, 70, 8 * 32L);
      Tensor[] parts = Ops.inference().splitHeads(joined, new long[] {4, 2, 2}, 32);
      KERNELS.attendBackward(
          sizes.dy(), sizes.q(), sizes.k(), sizes.v(), sizes.rule(), parts[0], parts[1], parts[2]);
      assertThat(LayerCase.joined(parts)).isEqualTo(LayerCase.joined(wanted));
    }
  }

  /** Half of the entries are turned or all; rows have the same positions or their own. */
  @ParameterizedTest
  @CsvSource({"16, false", "16, true", "9, false", "8, true"})
  void queriesAndKeysAreTurnedOnTheWay(int half, boolean positionsOfRows) {
    try (Scope scope = Scope.open()) {
      int dim = 32;
      JoinedHeads heads = new JoinedHeads(4, 2, dim);
      Tensor joined = random(5, DType.BF16, 1, 2, 130, 8L * dim);
      Tensor positions =
          positionsOfRows
              ? Tensor.of(LongStream.range(0, 260).map(i -> i * 7 % 300).toArray(), 2, 130)
              : Tensor.of(LongStream.range(3, 133).toArray(), 130);
      float[] frequencies = new float[half];
      for (int i = 0; i < half; i++) {
        frequencies[i] = (float) Math.pow(100, -(double) i / half);
      }
      AttentionRule rule = new AttentionRule(0.2, 0, true, 0);
      Tensor dy = random(6, DType.BF16, 1, 2, 130, 4L * dim);
      try (RotaryTable table =
          RotaryTable.of(positions, Tensor.of(frequencies, half), 1, DType.BF16)) {
        Ops ops = Ops.inference();
        Tensor[] parts = ops.splitHeads(joined, new long[] {6, 2}, dim);
        Tensor turned = ops.rotary(parts[0], table);
        Tensor q = turned.narrow(1, 0, 4);
        Tensor k = turned.narrow(1, 4, 2);
        Tensor wanted = unwritten(DType.BF16, 2, 130, 4L * dim);
        KERNELS.attend(q, k, parts[1], rule, wanted);
        Tensor y = unwritten(DType.BF16, 2, 130, 4L * dim);
        KERNELS.attendRotated(joined, heads, table, rule, y);
        // The operators round between the products of a rotation.
        assertThat(distance(doubles(y), doubles(wanted))).isLessThan(2 * FORWARD);

        Tensor dturned = unwritten(DType.BF16, 2, 6, 130, dim);
        Tensor dv = unwritten(DType.BF16, 2, 2, 130, dim);
        KERNELS.attendBackward(
            dy, q, k, parts[1], rule, dturned.narrow(1, 0, 4), dturned.narrow(1, 4, 2), dv);
        Tensor back = ops.rotary(dturned, new RotaryTable(table.cos(), table.sin().scaled(-1)));
        Tensor djoined = unwritten(DType.BF16, 2, 130, 8L * dim);
        KERNELS.attendRotatedBackward(dy, joined, heads, table, rule, djoined);
        Tensor[] found = ops.splitHeads(djoined, new long[] {6, 2}, dim);
        assertThat(distance(doubles(found[0]), doubles(back))).isLessThan(2 * BACKWARD);
        assertThat(distance(doubles(found[1]), doubles(dv))).isLessThan(2 * BACKWARD);
        assertTheSameOnAnyThreads(
            () -> {
              KERNELS.attendRotatedBackward(dy, joined, heads, table, rule, djoined);
              return djoined.toFloats();
            });
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    try (Scope scope = Scope.open()) {
      Case sizes = new Case(2, 6, 2, 150, 150, 48, true, 70, 5);
      Tensor q = sizes.q();
      Tensor k = sizes.k();
      Tensor v = sizes.v();
      assertTheSameOnAnyThreads(() -> attended(sizes, q, k, v).toFloats());
      assertTheSameOnAnyThreads(() -> LayerCase.joined(differentiated(sizes, q, k, v)));
    }
  }

  /** Scratch memory is kept and used again: 400 calls would take more than 600 MB. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void noMemoryIsLeftBehind() throws IOException {
    try (Scope scope = Scope.open()) {
      Case sizes = new Case(1, 2, 2, 256, 256, 64, true, 0, 0);
      Tensor q = sizes.q();
      Tensor k = sizes.k();
      Tensor v = sizes.v();
      Tensor dy = sizes.dy();
      Tensor y = unwritten(DType.BF16, 1, 256, 128);
      Tensor dq = unwritten(DType.BF16, 1, 2, 256, 64);
      Tensor dk = unwritten(DType.BF16, 1, 2, 256, 64);
      Tensor dv = unwritten(DType.BF16, 1, 2, 256, 64);
      Tensor wide = random(7, DType.BF16, 1, 256, 2048);
      Tensor product = unwritten(DType.BF16, 256, 256);
      long[] after = new long[2];
      long open = Tensor.live();
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < (round == 0 ? 20 : 400); i++) {
          KERNELS.attend(q, k, v, sizes.rule(), y);
          KERNELS.attendBackward(dy, q, k, v, sizes.rule(), dq, dk, dv);
          KERNELS.multiply(wide, wide, true, null, product, false);
        }
        after[round] = residentKilobytes();
      }
      assertThat(after[1] - after[0]).isLessThan(100_000);
      assertThat(Tensor.live()).isEqualTo(open);
    }
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void onlyProcessorsWithTheInstructionsAttend(CpuVariant variant) {
    CpuLayerKernels kernels = new CpuLayerKernels(variant);
    assertThat(kernels.attends(DType.BF16, 64))
        .isEqualTo(variant == CpuVariant.AVX512BF16 || variant == CpuVariant.AMX);
    assertThat(kernels.attends(DType.F32, 64)).isFalse();
    assertThat(kernels.attends(DType.BF16, 65)).isFalse();
  }

  private static Tensor attended(Case sizes, Tensor q, Tensor k, Tensor v) {
    Tensor y = unwritten(DType.BF16, sizes.batch, sizes.queries, (long) sizes.heads * sizes.dim);
    KERNELS.attend(q, k, v, sizes.rule(), y);
    return y;
  }

  private static Tensor[] differentiated(Case sizes, Tensor q, Tensor k, Tensor v) {
    Tensor dq = unwritten(DType.BF16, q.sizes());
    Tensor dk = unwritten(DType.BF16, k.sizes());
    Tensor dv = unwritten(DType.BF16, v.sizes());
    KERNELS.attendBackward(sizes.dy(), q, k, v, sizes.rule(), dq, dk, dv);
    return new Tensor[] {dq, dk, dv};
  }

  /** Attention and its derivatives in 64 bits. */
  private static final class Exact {
    private final Case sizes;
    private final double[] q;
    private final double[] k;
    private final double[] v;
    private final double[] dy;
    final double[] y;
    final double[] dq;
    final double[] dk;
    final double[] dv;

    Exact(Case sizes) {
      this.sizes = sizes;
      try (Scope scope = Scope.open()) {
        q = doubles(sizes.q());
        k = doubles(sizes.k());
        v = doubles(sizes.v());
        dy = doubles(sizes.dy());
      }
      y = new double[dy.length];
      dq = new double[q.length];
      dk = new double[k.length];
      dv = new double[v.length];
      for (int batch = 0; batch < sizes.batch; batch++) {
        for (int head = 0; head < sizes.heads; head++) {
          for (int query = 0; query < sizes.queries; query++) {
            attend(batch, head, query);
          }
        }
      }
    }

    private boolean sees(int query, int key) {
      int distance = query + sizes.keys - sizes.queries - key;
      boolean near =
          sizes.window == 0
              || (sizes.causal ? distance < sizes.window : Math.abs(distance) <= sizes.window);
      return near && (!sizes.causal || distance >= 0);
    }

    private void attend(int batch, int head, int query) {
      int dim = sizes.dim;
      int rowOfQuery = ((batch * sizes.heads + head) * sizes.queries + query) * dim;
      int rowOfKey =
          (batch * sizes.kvHeads + head * sizes.kvHeads / sizes.heads) * sizes.keys * dim;
      int joined = ((batch * sizes.queries + query) * sizes.heads + head) * dim;
      double scale = sizes.rule().scale();
      double[] p = new double[sizes.keys];
      double[] tangents = new double[sizes.keys];
      double total = 0;
      for (int key = 0; key < sizes.keys; key++) {
        if (sees(query, key)) {
          double score = scale * dot(q, rowOfQuery, k, rowOfKey + key * dim);
          if (sizes.cap > 0) {
            tangents[key] = Math.tanh(score / sizes.cap);
            score = sizes.cap * tangents[key];
          }
          p[key] = Math.exp(score);
          total += p[key];
        }
      }
      double[] dp = new double[sizes.keys];
      double along = 0;
      for (int key = 0; key < sizes.keys; key++) {
        p[key] /= total;
        dp[key] = dot(dy, joined, v, rowOfKey + key * dim);
        along += p[key] * dp[key];
      }
      for (int key = 0; key < sizes.keys; key++) {
        int at = rowOfKey + key * dim;
        double ds = p[key] * (dp[key] - along) * scale * (1 - tangents[key] * tangents[key]);
        for (int i = 0; i < dim; i++) {
          y[joined + i] += p[key] * v[at + i];
          dv[at + i] += p[key] * dy[joined + i];
          dq[rowOfQuery + i] += ds * k[at + i];
          dk[at + i] += ds * q[rowOfQuery + i];
        }
      }
    }

    private double dot(double[] a, int from, double[] b, int with) {
      double sum = 0;
      for (int i = 0; i < sizes.dim; i++) {
        sum += a[from + i] * b[with + i];
      }
      return sum;
    }
  }
}
