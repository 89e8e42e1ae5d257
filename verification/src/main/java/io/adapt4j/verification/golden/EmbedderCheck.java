package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.task.embedding.EmbeddingBatch;
import io.adapt4j.core.internal.task.embedding.RankingLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Checks embedding models in sentence-transformers' layout: vectors and training loss. */
final class EmbedderCheck {

  static final Kind KIND =
      Kind.ofModel(
          "embedders",
          source -> source.kind().equals("embed"),
          golden -> new EmbedderCheck(golden).run());

  private static final double NORMALIZED = 1e-5;

  /** Scale of cosines in MultipleNegativesRankingLoss. */
  private static final double SCALE = 20;

  private static final String GRADIENT = "grad.";

  private final GoldenFolder golden;
  private final SentenceFolder folder;

  private EmbedderCheck(GoldenFolder golden) {
    this.golden = golden;
    this.folder = SentenceFolder.read(golden.path());
  }

  private void run() {
    try (Encoder encoder = Networks.loadEmbedding(folder.transformer());
        VectorHead head =
            VectorHead.declare(
                encoder.dimensions().hiddenSize(), folder, VectorHead.Changes.NONE)) {
      head.load(DType.F32);
      golden.attempt("embeddings", () -> embeddings(encoder, head, ""));
      if (golden.has("embeddings_left")) {
        golden.attempt("embeddings_left", () -> embeddings(encoder, head, "_left"));
      }
      if (golden.has("mnrl_loss")) {
        golden.attempt("mnrl_loss", () -> loss(encoder, head));
      }
    }
  }

  private void embeddings(Encoder encoder, VectorHead head, String suffix) {
    Batch batch = golden.batch("", suffix);
    try (Scope scope = Scope.open();
        Positions positions =
            encoder.positions(batch.ids(), batch.attentionMask(), batch.rows(), batch.length())) {
      Ops ops = Ops.inference();
      Tensor ids = Tensor.of(batch.ids(), batch.rows(), batch.length());
      Tensor types = Tensor.of(batch.typeIds(), batch.rows(), batch.length());
      Tensor hidden = encoder.hidden(ops, ids, types, positions, false);
      if (suffix.isEmpty()) {
        golden.compared("token_embeddings", hidden.toFloats(), batch, Tolerances.FP32);
      }
      float[] vectors = head.forward(ops, hidden, batch.attentionMask()).toFloats();
      float[] wanted = golden.floats("embeddings" + suffix);
      golden.compared(
          "embeddings" + suffix, Deviation.of(vectors, wanted, tolerance(wanted, batch)));
      if (suffix.isEmpty()) {
        golden.compared("similarity", similarity(vectors, batch.rows()), NORMALIZED);
      }
    }
  }

  private static double tolerance(float[] vectors, Batch batch) {
    int width = vectors.length / batch.rows();
    double length = Math.sqrt(dot(vectors, 0, vectors, 0, width));
    return Math.abs(length - 1) < 1e-3 ? NORMALIZED : Tolerances.FP32;
  }

  private static double dot(float[] left, int from, float[] right, int other, int width) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += (double) left[from + i] * right[other + i];
    }
    return sum;
  }

  /** Returns the cosines of the first half of the rows with the second. */
  private static float[] similarity(float[] vectors, int rows) {
    int width = vectors.length / rows;
    int half = rows / 2;
    float[] cosines = new float[half * half];
    for (int i = 0; i < half; i++) {
      for (int j = 0; j < half; j++) {
        int other = (half + j) * width;
        double lengths =
            Math.sqrt(
                dot(vectors, i * width, vectors, i * width, width)
                    * dot(vectors, other, vectors, other, width));
        cosines[i * half + j] = (float) (dot(vectors, i * width, vectors, other, width) / lengths);
      }
    }
    return cosines;
  }

  private void loss(Encoder encoder, VectorHead head) {
    Batch batch = golden.batch("", "");
    int half = batch.rows() / 2;
    EmbeddingBatch inputs =
        new EmbeddingBatch(
            rows(batch, 0, half),
            rows(batch, half, 2 * half),
            new boolean[half * half],
            Networks.ones(half));
    encoder.parameters().forEach(Parameter::train);
    head.parameters().forEach(module -> module.forEach(Parameter::train));
    double sum =
        new RankingLoss(encoder, head, SCALE).forwardBackward(inputs, 1.0 / half, false, 0);
    golden.compared("mnrl_loss", sum / half, "mnrl_loss");
    Map<String, float[]> gradients = new HashMap<>(Networks.gradients(encoder));
    for (int i = 0; i < head.parameters().size(); i++) {
      for (Parameter parameter : head.parameters().get(i)) {
        // The network is module 0, pooling module 1.
        gradients.put(
            (2 + i) + "." + parameter.slices().get(0).name(), parameter.gradient().toFloats());
      }
    }
    for (String tensor : golden.names(GRADIENT)) {
      golden.attempt(
          tensor, () -> gradient(tensor, tensor.substring(GRADIENT.length()), gradients));
    }
  }

  /**
   * Collects a gradient; names begin with the module's number, and those of the network then with
   * auto_model.
   */
  private void gradient(String tensor, String name, Map<String, float[]> gradients) {
    String parameter = name.replaceFirst("^0\\.(auto_model|model)\\.", "");
    float[] found =
        gradients.entrySet().stream()
            .filter(
                entry ->
                    entry.getKey().equals(parameter) || entry.getKey().endsWith("." + parameter))
            .findFirst()
            .orElseThrow(
                () -> new GoldenException("expected a gradient of " + parameter + ", found none"))
            .getValue();
    golden.compared(
        tensor, Deviation.of(found, golden.floats(tensor), Tolerances.FP32, Tolerances.RELATIVE));
  }

  private static Batch rows(Batch batch, int from, int to) {
    int width = batch.length();
    return new Batch(
        Arrays.copyOfRange(batch.ids(), from * width, to * width),
        Arrays.copyOfRange(batch.attentionMask(), from * width, to * width),
        Arrays.copyOfRange(batch.typeIds(), from * width, to * width),
        new long[0],
        to - from,
        width);
  }
}
