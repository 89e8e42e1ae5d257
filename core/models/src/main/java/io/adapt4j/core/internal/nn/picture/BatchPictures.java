package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pictures among the tokens of a batch. Their rows are computed together with the embeddings, so
 * that gradients reach what computes them.
 */
public final class BatchPictures {

  private final PictureEncoder encoder;
  private final PictureRule rule;
  private final int[] firstIds;
  private final List<PromptPictures> rows;

  /** Row of each place among the embeddings of the batch, followed by those of the pictures. */
  private final long[] index;

  private PictureEncoder.@Nullable Encoded encoded;

  private BatchPictures(
      PictureEncoder encoder,
      PictureRule rule,
      int[] firstIds,
      List<PromptPictures> rows,
      long[] index) {
    this.encoder = encoder;
    this.rule = rule;
    this.firstIds = firstIds;
    this.rows = List.copyOf(rows);
    this.index = index;
  }

  /** Returns whether a batch has pictures. */
  public static boolean areIn(long[] ids) {
    return Arrays.stream(ids).anyMatch(id -> id >= Pictures.FIRST);
  }

  /** Finds the pictures of a batch [rows, length]. */
  public static BatchPictures of(
      PictureEncoder encoder, PictureRule rule, long[] ids, int[] prompts) {
    int length = ids.length / prompts.length;
    long[] index = new long[ids.length];
    Arrays.setAll(index, i -> i);
    List<Integer> firstIds = new ArrayList<>();
    List<PromptPictures> rows = new ArrayList<>();
    long next = ids.length;
    for (int row = 0; row < prompts.length; row++) {
      List<Insertion> runs = new ArrayList<>();
      int wanted = 0; // row of the picture that is not complete yet; 0 without one
      int at = 0;
      while (at < length) {
        long id = ids[row * length + at];
        if (id < Pictures.FIRST) {
          at++;
          continue;
        }
        PictureEncoder.Known known = encoder.find(Math.toIntExact(id));
        int start = Math.toIntExact(id - known.first());
        int count = run(ids, row * length + at, (row + 1) * length, known.rows() - start);
        requireNext(start, wanted, known);
        if (start == 0) {
          firstIds.add(known.first());
        }
        for (int i = 0; i < count; i++) {
          index[row * length + at + i] = next++;
        }
        // Only the layout is known yet.
        Tensor none = Tensor.empty(DType.F32, known.rows(), 0);
        PictureRows layout = new PictureRows(none, List.of(), known.places(), known.span());
        runs.add(new Insertion(layout, start, at, count));
        wanted = (start + count) % known.rows();
        at += count;
      }
      requireComplete(wanted);
      int seen = rule.sight() == PictureRule.Sight.PROMPT ? prompts[row] : length;
      rows.add(new PromptPictures(rule, seen, runs, List.of()));
    }
    int[] all = firstIds.stream().mapToInt(Integer::intValue).toArray();
    return new BatchPictures(encoder, rule, all, rows, index);
  }

  /** Returns the number of rows that follow each other from a place on. */
  private static int run(long[] ids, int from, int end, int most) {
    int count = 1;
    while (count < most && from + count < end && ids[from + count] == ids[from] + count) {
      count++;
    }
    return count;
  }

  private static void requireNext(int start, int wanted, PictureEncoder.Known known) {
    if (start != wanted % known.rows()) {
      requireComplete(-1);
    }
  }

  private static void requireComplete(int wanted) {
    if (wanted != 0) {
      throw new IllegalArgumentException(
          "The tokens of a picture were cut. Raise maxLength, or drop rows that are too long.");
    }
  }

  /** Returns the pictures of each row. */
  public List<PromptPictures> rows() {
    return rows;
  }

  /** Returns ids with a token of the vocabulary in the places of pictures. */
  public static long[] withTokens(long[] ids) {
    return areIn(ids) ? Arrays.stream(ids).map(id -> id < Pictures.FIRST ? id : 0).toArray() : ids;
  }

  /** Computes the rows and replaces the embeddings [B, T, hidden] in their places. */
  public Tensor into(Ops ops, Tensor embedded) {
    PictureEncoder.Encoded made = encoder.encode(ops, firstIds);
    encoded = made;
    return placed(ops, embedded, ops.scaled(made.rows(), rule.factor()));
  }

  /** Adds to the output of a layer [B, T, hidden]. */
  public Tensor deepen(Ops ops, Tensor output, int layer) {
    List<Tensor> deeper = Objects.requireNonNull(encoded, "rows").deeper();
    if (layer >= deeper.size()) {
      return output;
    }
    Tensor none = Tensor.zeros(output.type(), output.sizes());
    return ops.add(output, placed(ops, none, deeper.get(layer)));
  }

  private Tensor placed(Ops ops, Tensor x, Tensor made) {
    long width = x.size(-1);
    long count = x.count() / width;
    Tensor all =
        ops.joinColumns(
            List.of(
                StreamOps.shaped(ops, x, 1, x.count()),
                StreamOps.shaped(ops, made, 1, made.count())));
    Tensor rowwise = StreamOps.shaped(ops, all, 1, count + made.count() / width, width);
    Tensor taken = ops.gatherRows(rowwise, Tensor.of(index, index.length));
    return StreamOps.shaped(ops, taken, x.sizes());
  }
}
