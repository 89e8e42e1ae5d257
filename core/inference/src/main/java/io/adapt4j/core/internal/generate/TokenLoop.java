package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Generates a batch: processes the prompts in one pass, then one token per row and pass.
 *
 * <p>Prompts are padded on the left, so that the newest token of every row is last. Rows that have
 * ended receive padding until all have ended.
 */
final class TokenLoop {

  private final Decoder decoder;
  private final List<Sequence> rows;
  private final int padId;
  private final boolean plainGreedy;
  private final int longestPrompt;
  private final Ops ops = Ops.inference();
  private final List<long[]> generated = new ArrayList<>();

  /**
   * Reused buffer for the logits of all rows: a new one for each token would fill the Java heap.
   */
  private float[] all = {};

  /** Creates the loop for a batch. */
  TokenLoop(Decoder decoder, List<Sequence> rows, GenerationOptions options, int padId) {
    this.decoder = decoder;
    this.rows = rows;
    this.padId = padId;
    this.plainGreedy = rows.stream().allMatch(Sequence::isPlainGreedy);
    this.longestPrompt = rows.stream().mapToInt(row -> row.prompt().length).max().orElseThrow();
  }

  /** Runs until every sequence has ended. */
  void run(CancellationToken cancellation) {
    int steps = rows.stream().mapToInt(Sequence::mostTokens).max().orElseThrow();
    try (KvCache cache = decoder.newCache(rows.size(), longestPrompt + steps - 1);
        DecoderSteps kernels = steps == 1 ? null : prepared(cache)) {
      long[] input = paddedPrompts();
      while (!allFinished()) {
        if (cancellation.isCancelled()) {
          rows.stream()
              .filter(row -> !row.isFinished())
              .forEach(row -> row.finish(FinishReason.CANCELLED));
          return;
        }
        boolean isStep = kernels != null && input.length == rows.size();
        accept(isStep ? step(input, cache, kernels) : forward(input, cache));
        input = newest();
        generated.add(input);
        int held = Math.toIntExact(cache.length());
        if (decoder.outgrowsCache(held, held + 1)) {
          cache.clear();
          input = everything();
        }
      }
    }
  }

  private @Nullable DecoderSteps prepared(KvCache cache) {
    return StepKernels.prepared(decoder, cache, rows.size()).orElse(null);
  }

  private boolean allFinished() {
    return rows.stream().allMatch(Sequence::isFinished);
  }

  private long[] paddedPrompts() {
    long[] ids = new long[rows.size() * longestPrompt];
    Arrays.fill(ids, padId);
    for (int row = 0; row < rows.size(); row++) {
      int[] prompt = rows.get(row).prompt();
      int start = (row + 1) * longestPrompt - prompt.length;
      for (int i = 0; i < prompt.length; i++) {
        ids[start + i] = prompt[i];
      }
    }
    return ids;
  }

  private long[] newest() {
    long[] ids = new long[rows.size()];
    for (int row = 0; row < ids.length; row++) {
      Sequence sequence = rows.get(row);
      ids[row] = sequence.isFinished() ? padId : sequence.lastId();
    }
    return ids;
  }

  /** Returns prompts and generated tokens, to be processed again from the start. */
  private long[] everything() {
    long[] prompts = paddedPrompts();
    int width = longestPrompt + generated.size();
    long[] ids = new long[rows.size() * width];
    for (int row = 0; row < rows.size(); row++) {
      System.arraycopy(prompts, row * longestPrompt, ids, row * width, longestPrompt);
      for (int i = 0; i < generated.size(); i++) {
        ids[row * width + longestPrompt + i] = generated.get(i)[row];
      }
    }
    return ids;
  }

  private long[] attentionMask(int total) {
    long[] mask = new long[rows.size() * total];
    Arrays.fill(mask, 1);
    for (int row = 0; row < rows.size(); row++) {
      Arrays.fill(mask, row * total, row * total + padding(row), 0);
    }
    return mask;
  }

  /** Processes tokens and chooses the next one of each unfinished row. */
  private long[] forward(long[] input, KvCache cache) {
    int count = input.length / rows.size();
    long[] mask = attentionMask(Math.toIntExact(cache.length() + count));
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, rows.size(), count, cache)) {
      Tensor ids = Tensor.of(input, rows.size(), count);
      Tensor hidden = decoder.hidden(ops, ids, positions, false);
      Tensor last = count == 1 ? hidden : hidden.narrow(1, count - 1L, 1);
      return choose(decoder.logits(last));
    }
  }

  /** Processes one token for each unfinished row with step kernels. */
  private long[] step(long[] input, KvCache cache, DecoderSteps kernels) {
    int[] active =
        IntStream.range(0, rows.size()).filter(row -> !rows.get(row).isFinished()).toArray();
    int place = Math.toIntExact(cache.length());
    List<DecoderSteps.Token> tokens = new ArrayList<>();
    for (int row : active) {
      int id = Math.toIntExact(input[row]);
      tokens.add(new DecoderSteps.Token(id, row, place, padding(row), true));
    }
    int[] likeliest = kernels.run(tokens);
    cache.advance(1);
    boolean taken = plainGreedy && Arrays.stream(likeliest).allMatch(id -> id >= 0);
    long[] ids = new long[rows.size()];
    int vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    Sampler before = null;
    for (int i = 0; i < active.length; i++) {
      if (taken) {
        ids[active[i]] = likeliest[i];
      } else {
        all = all.length == vocabulary ? all : new float[vocabulary];
        kernels.logits(i, all, 0);
        Sampler sampler = rows.get(active[i]).sampler();
        if (before != null) {
          sampler.shareArrays(before);
        }
        before = sampler;
        ids[active[i]] = sampler.next(all, 0, vocabulary);
      }
    }
    return ids;
  }

  private int padding(int row) {
    return longestPrompt - rows.get(row).prompt().length;
  }

  private long[] choose(Tensor logits) {
    if (plainGreedy) {
      long[] ids = Logits.likeliest(logits);
      if (Arrays.stream(ids).allMatch(id -> id >= 0)) {
        return ids;
      }
      // The sampler reports which logit is at fault.
    }
    all = logits.toFloats(all);
    int vocabulary = all.length / rows.size();
    long[] ids = new long[rows.size()];
    Sampler before = null;
    for (int row = 0; row < ids.length; row++) {
      Sequence sequence = rows.get(row);
      if (!sequence.isFinished()) {
        if (before != null) {
          sequence.sampler().shareArrays(before);
        }
        before = sequence.sampler();
        ids[row] = sequence.sampler().next(all, row * vocabulary, (row + 1) * vocabulary);
      }
    }
    return ids;
  }

  private void accept(long[] ids) {
    for (int row = 0; row < ids.length; row++) {
      Sequence sequence = rows.get(row);
      if (!sequence.isFinished()) {
        sequence.accept(Math.toIntExact(ids[row]));
      }
    }
  }
}
