package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Embeds texts with an encoder, pooling and the modules after it. Not thread safe; the caller
 * closes encoder and tokenizer.
 */
public final class Embedder implements AutoCloseable {

  private final Tokenizer tokenizer;
  private final SentenceFolder folder;
  private final VectorHead head;
  private final EncoderRunner runner;
  private final int maxTokens;

  private Embedder(
      Encoder encoder, Tokenizer tokenizer, SentenceFolder folder, VectorHead head, int maxTokens) {
    this.tokenizer = tokenizer;
    this.folder = folder;
    this.head = head;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
    this.maxTokens = maxTokens;
  }

  /** Declares an embedder: checks the weights of the modules without reading them. */
  public static Embedder declare(
      Encoder encoder,
      Tokenizer tokenizer,
      SentenceFolder folder,
      VectorHead.Changes changes,
      int maxTokens) {
    VectorHead head = VectorHead.declare(encoder.dimensions().hiddenSize(), folder, changes);
    return new Embedder(encoder, tokenizer, folder, head, maxTokens);
  }

  /** Reads the weights of the modules after pooling. */
  public void load(DType type) {
    head.load(type);
  }

  public List<float[]> embed(List<String> texts, String prompt) {
    List<String> prepared = texts.stream().map(text -> prepare(prompt + text)).toList();
    int unpooled = head.includesPrompt() || prompt.isEmpty() ? 0 : promptTokens(prompt);
    float[][] vectors = new float[texts.size()][];
    runner.run(
        TokenSequence.of(tokenizer.encodeAllTruncated(prepared, maxTokens)),
        (ops, batch, hidden) -> {
          Tensor x = head.forward(ops, hidden, pooledMask(batch, unpooled));
          distribute(batch, x.toFloats(), vectors);
        });
    return Arrays.asList(vectors);
  }

  /** Truncates a vector to its first entries, and normalizes it again if vectors are. */
  public float[] truncated(float[] vector, int size) {
    float[] first = Arrays.copyOf(vector, size);
    if (head.normalizes()) {
      double squares = 0;
      for (float value : first) {
        squares += (double) value * value;
      }
      double length = Math.max(Math.sqrt(squares), Float.MIN_NORMAL);
      for (int i = 0; i < size; i++) {
        first[i] = (float) (first[i] / length);
      }
    }
    return first;
  }

  /** Sets whether the vector of a text is bit-identical whatever it is batched with. */
  public void batchInvariant(boolean on) {
    runner.batchInvariant(on);
  }

  /** Counts the texts that exceed the length limit and will be truncated. */
  public int countTruncated(List<String> texts, String prompt) {
    List<String> prepared = texts.stream().map(text -> prepare(prompt + text)).toList();
    return (int)
        tokenizer.encodeAll(prepared, true).stream().filter(ids -> ids.length > maxTokens).count();
  }

  private String prepare(String text) {
    String stripped = text.strip();
    return folder.lowerCase() ? stripped.toLowerCase(Locale.ROOT) : stripped;
  }

  /**
   * Returns the number of prompt tokens, including the special tokens before a text but not those
   * after it.
   */
  private int promptTokens(String prompt) {
    int[] ids = tokenizer.encodeTruncated(prepare(prompt), maxTokens);
    boolean ended = ids.length > 0 && tokenizer.isSpecial(ids[ids.length - 1]);
    return ended ? ids.length - 1 : ids.length;
  }

  private static long[] pooledMask(EncoderRunner.Rows batch, int unpooled) {
    long[] mask = batch.inputs().attentionMask().clone();
    int width = batch.inputs().length();
    for (int row = 0; row < batch.inputs().rows(); row++) {
      Arrays.fill(mask, row * width, row * width + Math.min(unpooled, width), 0);
    }
    return mask;
  }

  private void distribute(EncoderRunner.Rows batch, float[] values, float[][] vectors) {
    int dimension = head.width();
    for (int row = 0; row < batch.rows().size(); row++) {
      vectors[batch.rows().get(row).index()] =
          Arrays.copyOfRange(values, row * dimension, (row + 1) * dimension);
    }
  }

  /** {@return the dimension of the vectors} */
  public int dimension() {
    return head.width();
  }

  /** Frees the weights of the modules after pooling. */
  @Override
  public void close() {
    head.close();
  }
}
