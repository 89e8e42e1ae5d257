package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Computes dense, sparse and multi-vector embeddings: an encoder with a vector head and with layers
 * that give each token a weight and a vector. Not thread safe; the caller closes encoder and
 * tokenizer.
 */
public final class HybridRunner implements AutoCloseable {

  private final Tokenizer tokenizer;
  private final VectorHead head;
  private final Optional<TokenLinear> lexical;
  private final Optional<TokenLinear> vectors;
  private final EncoderRunner runner;
  private final int maxTokens;

  private HybridRunner(
      Encoder encoder,
      Tokenizer tokenizer,
      VectorHead head,
      Optional<TokenLinear> lexical,
      Optional<TokenLinear> vectors,
      int maxTokens) {
    this.tokenizer = tokenizer;
    this.head = head;
    this.lexical = lexical;
    this.vectors = vectors;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
    this.maxTokens = maxTokens;
  }

  /** Reads the sparse and multi-vector layers that accompany an encoder. */
  public static HybridRunner read(
      Encoder encoder, Tokenizer tokenizer, SentenceFolder folder, Path at, int maxTokens) {
    int hidden = encoder.dimensions().hiddenSize();
    VectorHead head = VectorHead.declare(hidden, folder, VectorHead.Changes.NONE);
    Optional<TokenLinear> lexical = Optional.empty();
    try {
      head.load(encoder.type());
      lexical = TokenLinear.read(at, TokenLinear.SPARSE, hidden, encoder.type());
      Optional<TokenLinear> vectors =
          TokenLinear.read(at, TokenLinear.COLBERT, hidden, encoder.type());
      return new HybridRunner(encoder, tokenizer, head, lexical, vectors, maxTokens);
    } catch (RuntimeException | Error e) {
      head.close();
      lexical.ifPresent(TokenLinear::close);
      throw e;
    }
  }

  /** Returns whether training has saved such layers in a folder. */
  public static boolean hasLayers(Path folder) {
    return TokenLinear.isIn(folder, TokenLinear.SPARSE)
        || TokenLinear.isIn(folder, TokenLinear.COLBERT);
  }

  /** {@return whether there is a sparse or multi-vector layer in addition to the dense vector} */
  public boolean isHybrid() {
    return lexical.isPresent() || vectors.isPresent();
  }

  /** Dense, sparse and multi-vector embedding of one text. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Embedded(float[] dense, Map<Integer, Float> lexical, float[][] tokens) {}

  public List<Embedded> embed(List<String> texts) {
    Embedded[] all = new Embedded[texts.size()];
    List<String> stripped = texts.stream().map(String::strip).toList();
    runner.run(
        TokenSequence.of(tokenizer.encodeAllTruncated(stripped, maxTokens)),
        (ops, batch, hidden) -> {
          float[] dense = head.forward(ops, hidden, batch.inputs().attentionMask()).toFloats();
          float[] weights =
              lexical
                  .map(layer -> ops.activation(layer.forward(ops, hidden), Activation.RELU))
                  .map(Tensor::toFloats)
                  .orElse(new float[0]);
          float[] rows =
              vectors
                  .map(layer -> ops.normalize(layer.forward(ops, hidden)))
                  .map(Tensor::toFloats)
                  .orElse(new float[0]);
          int length = batch.inputs().length();
          for (int row = 0; row < batch.rows().size(); row++) {
            TokenSequence text = batch.rows().get(row);
            all[text.index()] =
                new Embedded(
                    Arrays.copyOfRange(dense, row * head.width(), (row + 1) * head.width()),
                    weights(text, weights, row * length),
                    rows(text, rows, row * length));
          }
        });
    return Arrays.asList(all);
  }

  private Map<Integer, Float> weights(TokenSequence text, float[] weights, int from) {
    Map<Integer, Float> largest = new HashMap<>();
    OptionalInt unknown = tokenizer.unkId();
    for (int i = 0; i < text.length() && weights.length > 0; i++) {
      int id = text.ids()[i];
      boolean counts =
          !tokenizer.isSpecial(id) && !(unknown.isPresent() && unknown.getAsInt() == id);
      if (counts && weights[from + i] > 0) {
        largest.merge(id, weights[from + i], Math::max);
      }
    }
    return largest;
  }

  private float[][] rows(TokenSequence text, float[] rows, int from) {
    if (vectors.isEmpty() || text.length() < 2) {
      return new float[0][];
    }
    int width = vectors.get().width();
    float[][] tokens = new float[text.length() - 1][];
    for (int i = 1; i < text.length(); i++) {
      tokens[i - 1] = Arrays.copyOfRange(rows, (from + i) * width, (from + i + 1) * width);
    }
    return tokens;
  }

  /** Frees the layers. */
  @Override
  public void close() {
    head.close();
    lexical.ifPresent(TokenLinear::close);
    vectors.ifPresent(TokenLinear::close);
  }
}
