package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Runs an encoder over sequences in batches of similar length, padded on the right, so that little
 * is computed for padding and memory does not grow with the number of sequences.
 *
 * <p>With {@link #batchInvariant}, the result of a sequence is bit-identical whatever it is batched
 * with: batches hold sequences of one length, without padding, and enough tokens that the matrix
 * products sum in the same order; the layers after the network process one sequence at a time. If
 * the network's width is not a multiple of 64 bytes, sequences run one by one.
 */
final class EncoderRunner {

  /**
   * Positions in one batch, padding included, unless a single sequence has more: few enough that a
   * layer's activations stay in the CPU caches.
   */
  private static final int BATCH_TOKENS = 1024;

  /**
   * Minimum number of tokens in a batch-invariant batch. Below about 30 rows, libraries use other
   * matrix multiplication kernels, which round differently.
   */
  private static final int INVARIANT_TOKENS = 64;

  /** Size of the widest SIMD registers, in bytes. */
  private static final int ALIGNMENT = 64;

  private final Encoder encoder;
  private final int paddingId;
  private boolean batchInvariant;

  EncoderRunner(Encoder encoder, int tokenizerPadding) {
    this.encoder = encoder;
    this.paddingId = encoder.modelConfig().padTokenId().orElse(tokenizerPadding);
  }

  /** Sets whether the result of a sequence is bit-identical in every batch. */
  void batchInvariant(boolean on) {
    batchInvariant = on;
  }

  /** Receives the output of a batch, which is closed afterwards. */
  interface Result {
    void take(Ops ops, Rows rows, Tensor hidden);
  }

  /** Sequences run together, with their padded inputs. */
  record Rows(List<TokenSequence> rows, Batch inputs) {}

  void run(List<TokenSequence> sequences, Result result) {
    for (TokenSequence sequence : sequences) {
      encoder.requireKnownIds(sequence.ids(), "Text " + sequence.index());
    }
    List<TokenSequence> longestFirst = new ArrayList<>(sequences);
    longestFirst.sort(Comparator.comparingInt(TokenSequence::length).reversed());
    for (int from = 0; from < longestFirst.size(); ) {
      int width = Math.max(1, longestFirst.get(from).length());
      int to = Math.min(longestFirst.size(), from + Math.max(1, BATCH_TOKENS / width));
      if (batchInvariant) {
        to = isAligned() ? endOfLength(longestFirst, from, to) : from + 1;
        runInvariant(longestFirst.subList(from, to), width, result);
      } else {
        runBatch(longestFirst.subList(from, to), width, result);
      }
      from = to;
    }
  }

  /**
   * Returns whether all sequences of a batch start at an aligned address, which also affects how
   * sums round.
   */
  private boolean isAligned() {
    return encoder.dimensions().hiddenSize() * encoder.type().bytes() % ALIGNMENT == 0;
  }

  private static int endOfLength(List<TokenSequence> longestFirst, int from, int to) {
    int length = longestFirst.get(from).length();
    int end = from + 1;
    while (end < to && longestFirst.get(end).length() == length) {
      end++;
    }
    return end;
  }

  /** Pads a small batch with copies of its last row, and passes the rows on one by one. */
  private void runInvariant(List<TokenSequence> rows, int width, Result result) {
    List<TokenSequence> filled = new ArrayList<>(rows);
    while (filled.size() * width < INVARIANT_TOKENS) {
      filled.add(rows.get(rows.size() - 1));
    }
    runBatch(
        filled,
        width,
        (ops, batch, hidden) -> {
          for (int row = 0; row < rows.size(); row++) {
            List<TokenSequence> only = rows.subList(row, row + 1);
            result.take(ops, new Rows(only, inputs(only, width)), hidden.narrow(0, row, 1));
          }
        });
  }

  private void runBatch(List<TokenSequence> rows, int width, Result result) {
    Batch inputs = inputs(rows, width);
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, inputs)) {
      Ops ops = Ops.inference();
      Tensor ids = BatchTensors.ids(inputs);
      Tensor types = BatchTensors.types(encoder, inputs);
      result.take(ops, new Rows(rows, inputs), encoder.hidden(ops, ids, types, positions, false));
    }
  }

  private Batch inputs(List<TokenSequence> rows, int width) {
    List<int[]> ids = rows.stream().map(TokenSequence::ids).toList();
    List<int[]> types = rows.stream().map(TokenSequence::typeIds).toList();
    return Batch.padded(ids, width, paddingId).with(Batch.matrix(types, width, 0), new long[0]);
  }
}
