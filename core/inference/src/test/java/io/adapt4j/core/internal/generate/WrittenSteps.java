package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Steps that compute nothing and record what they are given. After each token comes the next of its
 * ten: 30 31 .. 39 30.
 */
final class WrittenSteps implements DecoderSteps {

  /** A token after which a logit is not finite. */
  static final int BROKEN = 29;

  /** Kernels that prepare such steps. */
  static final class Kernels implements StepKernels {

    final List<WrittenSteps> prepared = new ArrayList<>();
    boolean readPrompts;
    boolean readLongPrompts;
    @Nullable RuntimeException failure;

    /** What each step looks at while it runs. */
    BooleanSupplier observed = () -> false;

    @Override
    public Optional<DecoderSteps> prepare(
        Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters) {
      if (failure != null) {
        throw failure;
      }
      prepared.add(new WrittenSteps(this, rows, maxTokens, adapters));
      return Optional.of(prepared.get(prepared.size() - 1));
    }

    /** The only ones prepared. */
    WrittenSteps steps() {
      assertThat(prepared).hasSize(1);
      return prepared.get(0);
    }
  }

  final List<AttachedAdapter> adapters;
  final Map<Integer, KvCache> placed = new HashMap<>();

  /** The tokens of each step. */
  final List<List<Token>> read = new ArrayList<>();

  /** What was observed in each step. */
  final List<Boolean> seen = new ArrayList<>();

  /** How many caches have been assigned to rows. */
  int placements;

  boolean closed;
  @Nullable RuntimeException failure;

  private final Kernels kernels;
  private final int rows;
  private final int most;
  private WrittenScores scores = new WrittenScores();

  private WrittenSteps(Kernels kernels, int rows, int most, List<AttachedAdapter> adapters) {
    this.kernels = kernels;
    this.rows = rows;
    this.most = most;
    this.adapters = adapters;
  }

  /** How many tokens of each row the last step has read. */
  Map<Integer, Integer> shares() {
    Map<Integer, Integer> shares = new TreeMap<>();
    read.get(read.size() - 1).forEach(token -> shares.merge(token.row(), 1, Integer::sum));
    return shares;
  }

  @Override
  public boolean readsPrompts() {
    return kernels.readPrompts;
  }

  @Override
  public boolean readsLongPrompts() {
    return kernels.readLongPrompts;
  }

  @Override
  public void place(int row, KvCache cache, int cacheRow) {
    assertThat(cacheRow).isZero();
    placed.put(row, cache);
    placements++;
  }

  @Override
  public void remove(int row) {
    placed.remove(row);
  }

  @Override
  public int[] run(List<Token> tokens) {
    assertThat(closed).isFalse();
    assertThat(tokens).hasSizeBetween(1, most).allMatch(token -> placed.containsKey(token.row()));
    read.add(List.copyOf(tokens));
    seen.add(kernels.observed.getAsBoolean());
    if (failure != null) {
      throw failure;
    }
    int[] likeliest =
        tokens.stream().filter(Token::isOutput).mapToInt(token -> after(token.id())).toArray();
    assertThat(likeliest.length).isLessThanOrEqualTo(rows);
    scores = new WrittenScores(likeliest);
    return likeliest;
  }

  private static int after(int id) {
    return id == BROKEN ? -1 : id - id % 10 + (id + 1) % 10;
  }

  @Override
  public void logits(int output, float[] to, int at) {
    System.arraycopy(scores.logits(output), 0, to, at, TinyDecoder.VOCABULARY);
  }

  @Override
  public Map<String, Long> profile(List<Token> tokens) {
    throw new UnsupportedOperationException("These steps take no time");
  }

  @Override
  public void close() {
    closed = true;
  }
}
