package io.adapt4j.core.internal.score;

import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Scores continuations in batches of similar length, padded on the right. Logits exist only for the
 * positions that are scored, and only for some of them at once. A sequence that is a prefix of
 * another is not run separately: with causal attention its scores are part of the longer one's, so
 * all one-token answers to a question cost a single sequence. Not thread safe.
 */
public record Scorer(Decoder decoder, int padId, int contextLength) {

  /** Positions in one batch, padding included, unless a single sequence has more. */
  private static final int BATCH_TOKENS = 2048;

  /**
   * Scores continuations. If context and continuation together are too long, the context is
   * truncated at its start.
   */
  public List<TokenScores> score(List<TokenSpan> spans) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < spans.size(); i++) {
      rows.add(row(i, spans.get(i)));
    }
    List<Sequence> sequences = sequences(rows);
    sequences.sort(Comparator.comparingInt(Sequence::inputs).reversed());
    TokenScores[] scores = new TokenScores[rows.size()];
    for (int from = 0; from < sequences.size(); ) {
      int atOnce = Math.max(1, BATCH_TOKENS / sequences.get(from).inputs());
      int to = Math.min(sequences.size(), from + atOnce);
      scoreBatch(sequences.subList(from, to), scores);
      from = to;
    }
    return Arrays.asList(scores);
  }

  /**
   * Returns the log-probabilities of the tokens after the first, each with the likeliest
   * alternatives.
   */
  public List<TokenLogprobs> predictions(int[] ids, int alternatives) {
    decoder.requireKnownIds(ids, "The text");
    if (ids.length > contextLength) {
      throw new IllegalArgumentException(
          "The text has %s tokens, but the model's context holds %s; split it"
              .formatted(ids.length, contextLength));
    }
    int count = ids.length - 1;
    long[] inputs = Arrays.stream(ids, 0, Math.max(0, count)).asLongStream().toArray();
    long[] targets = Arrays.stream(ids).skip(1).asLongStream().toArray();
    long[] mask = new long[inputs.length];
    Arrays.fill(mask, 1);
    List<TokenLogprobs> found = new ArrayList<>();
    if (count < 1) {
      return found;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, count)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, Tensor.of(inputs, 1, count), positions, false);
      long[] all = LongStream.range(0, count).toArray();
      Tensor rows = ops.gatherRows(hidden, Tensor.of(all, count));
      float[] own =
          VocabularyLoss.score(rows, decoder.head(), Tensor.of(targets, count))
              .logProbabilities()
              .toFloats();
      Likeliest likeliest = alternatives == 0 ? Likeliest.NONE : likeliest(rows, alternatives);
      for (int i = 0; i < count; i++) {
        found.add(new TokenLogprobs(ids[i + 1], own[i], likeliest.of(i)));
      }
    }
    return found;
  }

  private Likeliest likeliest(Tensor rows, int alternatives) {
    int count = (int) Math.min(alternatives, decoder.head().weight().sizes()[0]);
    VocabularyDistillation.Stored top =
        new VocabularyDistillation(0, 1, count, false, VocabularyDistillation.Rest.DROPPED)
            .top(rows, decoder.head());
    return new Likeliest(
        Math.toIntExact(top.ids().size(1)), top.ids().toLongs(), top.logProbs().toFloats());
  }

  /** The likeliest tokens of each row, in descending order. */
  @SuppressWarnings("ArrayRecordComponent") // a local carrier, never compared
  private record Likeliest(int width, long[] ids, float[] logprobs) {

    private static final Likeliest NONE = new Likeliest(0, new long[0], new float[0]);

    List<TokenLogprobs.Alternative> of(int row) {
      List<TokenLogprobs.Alternative> found = new ArrayList<>();
      for (int i = row * width; i < (row + 1) * width; i++) {
        found.add(new TokenLogprobs.Alternative(Math.toIntExact(ids[i]), logprobs[i]));
      }
      return found;
    }
  }

  /**
   * A sequence the model runs: the longest of several rows with a common prefix, with all of those
   * rows.
   */
  private record Sequence(Row longest, List<Row> rows) {

    int inputs() {
      return longest.inputs();
    }
  }

  /** Groups rows by common prefix. Lexical order puts a prefix right before its extensions. */
  private List<Sequence> sequences(List<Row> rows) {
    List<Row> sorted = new ArrayList<>(rows);
    sorted.sort(
        (item, other) -> Arrays.compare(item.ids, 0, item.inputs(), other.ids, 0, other.inputs()));
    List<Sequence> sequences = new ArrayList<>();
    for (int i = sorted.size() - 1; i >= 0; i--) {
      Row row = sorted.get(i);
      Sequence last = sequences.isEmpty() ? null : sequences.get(sequences.size() - 1);
      if (last == null || !isBeginning(row, last.longest)) {
        last = new Sequence(row, new ArrayList<>());
        sequences.add(last);
      }
      last.rows.add(row);
    }
    return sequences;
  }

  private boolean isBeginning(Row row, Row longer) {
    return row.inputs() <= longer.inputs()
        && !decoder.outgrowsCache(row.inputs(), longer.inputs())
        && Arrays.equals(row.ids, 0, row.inputs(), longer.ids, 0, row.inputs());
  }

  /** A tokenized request, ready to run. */
  @SuppressWarnings("ArrayRecordComponent") // a local carrier, never compared
  private record Row(int request, int[] ids, int scored, int dropped) {

    /**
     * Returns the number of tokens to run. The last token predicts nothing that is scored, so it is
     * left out.
     */
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
          ("Continuation %s has %s tokens, but the model's context holds %s; split it and"
                  + " score the parts")
              .formatted(request, continuation.length, contextLength));
    }
    int dropped = Math.max(0, context.length + continuation.length - 1 - contextLength);
    int kept = context.length - dropped;
    int[] ids = new int[kept + continuation.length];
    System.arraycopy(context, dropped, ids, 0, kept);
    System.arraycopy(continuation, 0, ids, kept, continuation.length);
    return new Row(request, ids, continuation.length, dropped);
  }

  private void scoreBatch(List<Sequence> batch, TokenScores[] results) {
    int width = batch.get(0).inputs();
    List<Row> rows = batch.stream().flatMap(sequence -> sequence.rows.stream()).toList();
    int targets = rows.stream().mapToInt(Row::scored).sum();
    long[] inputs = new long[batch.size() * width];
    Arrays.fill(inputs, padId);
    long[] mask = new long[inputs.length];
    long[] index = new long[targets];
    long[] target = new long[targets];
    int next = 0;
    for (int i = 0; i < batch.size(); i++) {
      Sequence sequence = batch.get(i);
      int start = i * width;
      for (int t = 0; t < sequence.inputs(); t++) {
        inputs[start + t] = sequence.longest.ids[t];
        mask[start + t] = 1;
      }
      for (Row row : sequence.rows) {
        for (int t = row.firstScored(); t < row.ids.length; t++) {
          index[next] = (long) start + t - 1;
          target[next++] = row.ids[t];
        }
      }
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, batch.size(), width)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, Tensor.of(inputs, batch.size(), width), positions, false);
      Tensor gathered = ops.gatherRows(hidden, Tensor.of(index, targets));
      VocabularyLoss.Scores scores =
          VocabularyLoss.score(gathered, decoder.head(), Tensor.of(target, targets));
      distribute(rows, scores.logProbabilities().toFloats(), scores.greedy().toLongs(), results);
    }
  }

  private static void distribute(
      List<Row> rows, float[] logProbabilities, long[] greedy, TokenScores[] results) {
    int next = 0;
    for (Row row : rows) {
      List<Integer> ids = new ArrayList<>();
      List<Double> scores = new ArrayList<>();
      boolean allGreedy = true;
      for (int t = row.firstScored(); t < row.ids.length; t++) {
        ids.add(row.ids[t]);
        scores.add((double) logProbabilities[next]);
        allGreedy &= greedy[next++] == 1;
      }
      results[row.request] =
          new TokenScores(ids, scores, allGreedy, row.firstScored(), row.dropped);
    }
  }
}
