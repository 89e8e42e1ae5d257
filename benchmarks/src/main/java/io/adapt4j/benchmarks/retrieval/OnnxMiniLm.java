package io.adapt4j.benchmarks.retrieval;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.embed.MiniLm;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * all-MiniLM-L6-v2 on ONNX Runtime: tokenized by the same tokenizer, run with all graph
 * optimizations, then pooled and scaled in Java.
 */
public final class OnnxMiniLm implements AutoCloseable {

  private static final int DIMENSION = 384;

  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final OrtSession session;

  /** Loads the model. */
  public OnnxMiniLm(Path folder, int maxTokens, int threads) throws OrtException {
    this.tokenizer = Tokenizer.load(folder);
    this.maxTokens = maxTokens;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      this.session = OrtEnvironment.getEnvironment().createSession(MiniLm.onnx(), options);
    }
  }

  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  /** Embeds texts as one batch, padded to the longest. */
  public List<float[]> embed(List<String> texts) {
    List<int[]> rows = tokenizer.encodeAllTruncated(texts, maxTokens);
    int width = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    long[] ids = new long[rows.size() * width];
    long[] mask = new long[ids.length];
    for (int row = 0; row < rows.size(); row++) {
      for (int i = 0; i < rows.get(row).length; i++) {
        ids[row * width + i] = rows.get(row)[i];
        mask[row * width + i] = 1;
      }
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {rows.size(), width};
    try (OnnxTensor idTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
        OnnxTensor maskTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(mask), shape);
        OnnxTensor types =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[ids.length]), shape);
        OrtSession.Result result =
            session.run(
                Map.of(
                    "input_ids",
                    idTensor,
                    "attention_mask",
                    maskTensor,
                    "token_type_ids",
                    types))) {
      FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer();
      List<float[]> vectors = new ArrayList<>();
      for (int row = 0; row < rows.size(); row++) {
        vectors.add(vector(hidden, row * width, rows.get(row).length));
      }
      return vectors;
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static float[] vector(FloatBuffer hidden, int from, int tokens) {
    float[] sum = new float[DIMENSION];
    for (int token = from; token < from + tokens; token++) {
      for (int i = 0; i < DIMENSION; i++) {
        sum[i] += hidden.get(token * DIMENSION + i);
      }
    }
    double squares = 0;
    for (float value : sum) {
      squares += (double) value * value;
    }
    for (int i = 0; i < DIMENSION; i++) {
      sum[i] = (float) (sum[i] / Math.sqrt(squares));
    }
    return sum;
  }

  @Override
  public void close() throws OrtException {
    session.close();
    tokenizer.close();
  }
}
