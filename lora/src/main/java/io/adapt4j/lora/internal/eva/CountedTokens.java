package io.adapt4j.lora.internal.eva;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.TokenEmbedding;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** A token embedding that records which positions of a batch are tokens and which are padding. */
final class CountedTokens implements TokenEmbedding {

  private final TokenEmbedding plain;
  private final Map<Integer, boolean[]> tokens = new HashMap<>();
  private Optional<boolean[]> targets = Optional.empty();

  CountedTokens(TokenEmbedding plain) {
    this.plain = plain;
  }

  TokenEmbedding plain() {
    return plain;
  }

  /** Starts a batch, of which only the targets count if they are given. */
  void begin(Optional<boolean[]> counted) {
    tokens.clear();
    targets = counted;
  }

  @Override
  public Tensor forward(Ops ops, Tensor ids, Positions positions) {
    int length = Math.toIntExact(ids.size(1));
    long[] rows = positions.rowTokens();
    boolean[] real = new boolean[rows.length * length];
    for (int i = 0; i < real.length; i++) {
      real[i] = i % length < rows[i / length];
    }
    tokens.put(real.length, real);
    return plain.forward(ops, ids, positions);
  }

  /** Returns the positions that count; all of inputs that are not one for each token. */
  long[] counted(int inputs) {
    boolean[] real = tokens.get(inputs);
    boolean[] wanted = targets.filter(those -> those.length == inputs).orElse(null);
    return IntStream.range(0, inputs)
        .filter(i -> (real == null || real[i]) && (wanted == null || wanted[i]))
        .asLongStream()
        .toArray();
  }
}
