package io.adapt4j.core.score;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.VocabularyLoss;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.Positions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Scores continuations in batches of similar length, padded on the right. Logits exist only for
 * positions that are scored, and only for some of them at once. Not thread safe.
 */
public final class Scorer {

  /** Positions in one batch, padding included, unless a single sequence has more. */
  private static final int BATCH_TOKENS = 2048;

  private final Decoder decoder;
  private final int padId;
  private final int contextLength;

  /**
   * Creates a scorer.
   *
   * @param decoder the model, with its weights
   * @param padId fills short rows
   * @param contextLength the most tokens the model reads at once
   */
  public Scorer(Decoder decoder, int padId, int contextLength) {
    this.decoder = decoder;
    this.padId = padId;
    this.contextLength = contextLength;
  }

  /**
   * Scores continuations. Where context and continuation are too long together, the beginning of
   * the context is left out.
   *
   * @param spans what to score
   * @return one result a span, in their order
   * @throws IllegalArgumentException if a token is unknown, or a continuation alone is longer than
   *     the model's context
   */
  public List<TokenScores> score(List<TokenSpan> spans) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < spans.size(); i++) {
      rows.add(row(i, spans.get(i)));
    }
    rows.sort(Comparator.comparingInt(Row::inputs).reversed());
    TokenScores[] scores = new TokenScores[rows.size()];
    for (int from = 0; from < rows.size(); ) {
      int to = Math.min(rows.size(), from + Math.max(1, BATCH_TOKENS / rows.get(from).inputs()));
      scoreBatch(rows.subList(from, to), scores);
      from = to;
    }
    return Arrays.asList(scores);
  }

  /**
   * A sequence ready to be run.
   *
   * @param request its place among the requests
   * @param ids context and continuation
   * @param scored how many ids at the end are scored
   * @param dropped how many ids before were left out
   */
  @SuppressWarnings("ArrayRecordComponent") // a local carrier, never compared
  private record Row(int request, int[] ids, int scored, int dropped) {

    /** The last token predicts nothing that is scored, so it is not read. */
    int inputs() {
      return ids.length - 1;
    }

    int firstScored() {
      return ids.length - scored;
    }
  }

  private Row row(int request, TokenSpan span) {
    int[] context = span.context();
    int[] continuation = span.continuation();
    decoder.requireKnownIds(context, "Context " + request);
    decoder.requireKnownIds(continuation, "Continuation " + request);
    if (continuation.length > contextLength) {
      throw new IllegalArgumentException(
          "Continuation "
              + request
              + " has "
              + continuation.length
              + " tokens, but the model's context holds "
              + contextLength
              + "; split it and score the parts");
    }
    int dropped = Math.max(0, context.length + continuation.length - 1 - contextLength);
    int kept = context.length - dropped;
    int[] ids = new int[kept + continuation.length];
    System.arraycopy(context, dropped, ids, 0, kept);
    System.arraycopy(continuation, 0, ids, kept, continuation.length);
    return new Row(request, ids, continuation.length, dropped);
  }

  private void scoreBatch(List<Row> batch, TokenScores[] results) {
    int width = batch.get(0).inputs();
    int targets = batch.stream().mapToInt(Row::scored).sum();
    long[] inputs = new long[batch.size() * width];
    Arrays.fill(inputs, padId);
    long[] mask = new long[inputs.length];
    long[] index = new long[targets];
    long[] target = new long[targets];
    int next = 0;
    for (int i = 0; i < batch.size(); i++) {
      Row row = batch.get(i);
      for (int t = 0; t < row.inputs(); t++) {
        inputs[i * width + t] = row.ids[t];
        mask[i * width + t] = 1;
        if (t + 1 >= row.firstScored()) {
          index[next] = (long) i * width + t;
          target[next++] = row.ids[t + 1];
        }
      }
    }
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(mask, batch.size(), width)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, Tensor.of(inputs, batch.size(), width), positions, false);
      Tensor rows = ops.gatherRows(hidden, Tensor.of(index, targets));
      VocabularyLoss.Scores scores =
          VocabularyLoss.score(rows, decoder.head(), Tensor.of(target, targets));
      distribute(batch, scores.logProbabilities().toFloats(), scores.greedy().toLongs(), results);
    }
  }

  private static void distribute(
      List<Row> batch, float[] logProbabilities, long[] greedy, TokenScores[] results) {
    int next = 0;
    for (Row row : batch) {
      List<Integer> ids = new ArrayList<>();
      List<Double> scores = new ArrayList<>();
      boolean allGreedy = true;
      for (int t = row.firstScored(); t < row.ids.length; t++) {
        ids.add(row.ids[t]);
        scores.add((double) logProbabilities[next]);
        allGreedy &= greedy[next++] == 1;
      }
      results[row.request] = new TokenScores(ids, scores, allGreedy, row.dropped);
    }
  }
}
