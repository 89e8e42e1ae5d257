package io.adapt4j.core.internal.nn.next;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.TokenEmbedding;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Multi-token prediction layer of a model (DeepSeek-AI 2024, section 2.2): a decoder layer that
 * reads the model's last hidden state of a token, after the final norm, and the embedding of the
 * token after it, and predicts the one after that. It is repeated on its own output to predict
 * further ones. Not thread safe.
 *
 * <p>The {@code network} is a decoder with this single layer, whose embedding is that of a token
 * beside a hidden state: normed each, joined and projected to the width of the layer.
 */
public final class NextTokenLayer implements AutoCloseable {

  private final Decoder network;
  private final boolean repeatsNormed;
  private @Nullable Decoder model;
  private @Nullable Tensor hidden;

  /**
   * Declares a layer.
   *
   * @param repeatsNormed whether it is repeated on its output after its norm, or before
   */
  public NextTokenLayer(Decoder network, boolean repeatsNormed) {
    this.network = network;
    this.repeatsNormed = repeatsNormed;
  }

  /** Returns the network, to check, allocate and fill it. */
  public Decoder network() {
    return network;
  }

  /** Uses the table and the output of a loaded model, which is closed later, unless stored here. */
  public void standOn(Decoder owner, boolean ownEmbedding, boolean ownHead) {
    model = owner;
    Set<String> shared = new HashSet<>();
    if (!ownEmbedding) {
      network.embedding().share(owner.embedding());
      shared.add(name(network.embedding()));
    }
    if (!ownHead) {
      network.head().weight().share(owner.head().weight());
      shared.add(name(network.head().weight()));
    }
    network.initializeNew(shared);
    network
        .embeddingSlot()
        .replace(table -> beside(ownEmbedding ? table : owner.embeddingSlot()::forward));
  }

  private static String name(Parameter table) {
    return table.slices().get(0).name();
  }

  private TokenEmbedding beside(TokenEmbedding tokens) {
    return (ops, ids, positions) ->
        ops.joinColumns(
            List.of(tokens.forward(ops, ids, positions), Objects.requireNonNull(hidden)));
  }

  /** Output of the layer [1, T, hidden]. */
  public record Output(Tensor normed, Tensor repeated) {}

  /**
   * Reads tokens, appending their keys and values to a cache.
   *
   * @param states hidden states of the tokens before them [1, T, hidden]
   */
  public Output read(Ops ops, int[] ids, Tensor states, KvCache cache) {
    long[] mask = new long[Math.toIntExact(cache.length()) + ids.length];
    Arrays.fill(mask, 1);
    long[] input = Arrays.stream(ids).asLongStream().toArray();
    Transformer body = network.body();
    hidden = states;
    try (Positions positions = network.positions(mask, 1, ids.length, cache)) {
      Tensor begun = body.begin(ops, Tensor.of(input, 1, input.length), null, positions);
      Tensor output = body.layers().get(0).forward(ops, begun, positions, 0);
      cache.advance(ids.length);
      Tensor normed = body.end(ops, output);
      return new Output(normed, repeatsNormed ? normed : output);
    } finally {
      hidden = null;
    }
  }

  /** Computes logits over the vocabulary. */
  public Tensor logits(Tensor normed) {
    Parameter own = network.head().weight();
    return own.isShared() ? Objects.requireNonNull(model).logits(normed) : network.logits(normed);
  }

  /** Creates an empty cache, closed by the caller. */
  public KvCache newCache(int capacity) {
    return network.newCache(1, capacity);
  }

  /** Creates a cache with the first tokens of another one, closed by the caller. */
  public KvCache copyOf(KvCache cache, int tokens, int capacity) {
    return network.copyOf(cache, tokens, capacity);
  }

  /** Frees the weights; the model's stay. */
  @Override
  public void close() {
    network.close();
  }
}
