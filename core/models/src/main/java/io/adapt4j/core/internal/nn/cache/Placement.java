package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.DocumentBlocks;
import io.adapt4j.core.internal.tensor.op.Masks;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tokenize.PackedSequences;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Creates the {@link Positions} of a batch: position ids, rotary tables, masks.
 *
 * @param learned number of learned positions; 0 if there are none
 */
public record Placement(
    List<RotaryFrequencies> rotary,
    Set<Long> windows,
    boolean keepsStates,
    int learned,
    int unused) {

  /**
   * Creates the positions of a batch that starts at the beginning of its texts; positions count
   * each row's tokens.
   */
  public Positions causal(long[] mask, int rows, int length, DType type) {
    if (isRightPadded(mask, rows, length)) {
      return plain(mask, rows, 0, length, null, type);
    }
    return counted(mask, rows, length, length, null, type);
  }

  /**
   * Like {@link #causal}, but learned positions also count padding, as base models of decoders do.
   */
  public Positions causalInPlace(long[] mask, int rows, int length, DType type) {
    if (learned == 0 || isRightPadded(mask, rows, length)) {
      return causal(mask, rows, length, type);
    }
    long[] positions = new long[rows * length];
    Arrays.setAll(positions, i -> i % length);
    try (Scope scope = Scope.open()) {
      Tensor seen = Tensor.of(mask, rows, length);
      Map<Long, Tensor> masks = new HashMap<>();
      windows.forEach(window -> masks.put(window, Masks.causal(seen, length, window, type).own()));
      return new Positions(
          learnedIds(positions, rows, length),
          tables(positions, length, type, rows, length),
          masks,
          null,
          tokens(mask, rows));
    }
  }

  /** Creates the positions of a batch of which only the shape is known. */
  public Positions shaped(int rows, int length, DType type) {
    List<RotaryTable> tables =
        rotary.stream()
            .map(
                frequencies ->
                    new RotaryTable(
                        Tensor.zeros(type, length, frequencies.rotaryDim() / 2).own(),
                        Tensor.zeros(type, length, frequencies.rotaryDim() / 2).own()))
            .toList();
    Tensor ids = learned == 0 ? null : Tensor.zeros(DType.I64, rows, length).own();
    return new Positions(ids, tables, Map.of(), null, new long[rows]);
  }

  /**
   * Creates the positions of a batch whose rows hold several documents each; positions count each
   * document's tokens.
   */
  public Positions packed(int[][] documents, int length, DType type) {
    DocumentBlocks.check(documents, length);
    long[] positions = new PackedSequences(documents, length).positions();
    int[] lengths = new int[positions.length];
    for (int row = 0; row < documents.length; row++) {
      int start = row * length;
      for (int tokens : documents[row]) {
        Arrays.fill(lengths, start, start + tokens, tokens);
        start += tokens;
      }
    }
    return new Positions(
        learnedIds(positions, documents.length, length),
        packedTables(positions, lengths, type, documents.length, length),
        DocumentBlocks.of(documents, length),
        Arrays.stream(documents).mapToLong(row -> Arrays.stream(row).sum()).toArray());
  }

  /** Returns tables with the frequencies of each document's own length, if they depend on it. */
  private List<RotaryTable> packedTables(
      long[] positions, int[] lengths, DType type, int rows, int length) {
    List<RotaryTable> tables = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (RotaryFrequencies rotaryFrequencies : rotary) {
        tables.add(
            table(
                rotaryFrequencies,
                Tensor.of(positions, rows, length),
                frequencies(rotaryFrequencies, lengths, rows, length),
                commonFactor(rotaryFrequencies, lengths),
                type));
      }
    }
    return tables;
  }

  /** Returns the factor of cosines and sines, which documents of one row have in common. */
  private static float commonFactor(RotaryFrequencies rotary, int[] lengths) {
    float factor = rotary.attentionFactor(lengths[0]);
    if (Arrays.stream(lengths).anyMatch(length -> rotary.attentionFactor(length) != factor)) {
      throw new IllegalArgumentException(
          "packing: expected texts on one side of the model's original context, found texts on"
              + " both, which this model's rotary positions scale differently; train without"
              + " packing");
    }
    return factor;
  }

  /**
   * Returns the same frequencies for all positions [D / 2], or those of each position [B, T, D /
   * 2].
   */
  private static Tensor frequencies(RotaryFrequencies rotary, int[] lengths, int rows, int length) {
    Map<Integer, float[]> byLength = new HashMap<>();
    Arrays.stream(lengths)
        .forEach(value -> byLength.computeIfAbsent(value, rotary::inverseFrequencies));
    int width = rotary.rotaryDim() / 2;
    float[] first = byLength.get(lengths[0]);
    if (byLength.values().stream().allMatch(value -> Arrays.equals(value, first))) {
      return Tensor.of(first, width);
    }
    float[] all = new float[lengths.length * width];
    for (int i = 0; i < lengths.length; i++) {
      System.arraycopy(byLength.get(lengths[i]), 0, all, i * width, width);
    }
    return Tensor.of(all, rows, length, width);
  }

  /** Creates the positions of the next {@code count} tokens after those in a cache. */
  public Positions next(long[] mask, int rows, int count, KvCache cache, DType type) {
    int total = total(cache, count);
    return allOnes(mask) && needsNoMask(cache, count)
        ? plain(mask, rows, total - count, total, cache, type)
        : counted(mask, rows, total, count, cache, type);
  }

  private static int total(KvCache cache, int count) {
    int total = Math.toIntExact(cache.length() + count);
    if (total > cache.capacity()) {
      throw new IllegalArgumentException(
          "The cache has room for " + cache.capacity() + " tokens, " + total + " were given");
    }
    cache.makeRoom(count);
    return total;
  }

  private static boolean needsNoMask(KvCache cache, int count) {
    return count == 1 || cache.length() == 0;
  }

  /**
   * Creates the positions of the next tokens of several texts, one text after the other in one row
   * [1, T]. Masks and the texts' parts of the tables belong to the open scope.
   */
  public Positions joined(
      List<KvCache> caches, int[] counts, int[] extra, List<PromptPictures> pictures, DType type) {
    int tokens = Arrays.stream(counts).sum();
    long[] positions = new long[tokens];
    int[] lengths = new int[tokens];
    int at = 0;
    for (int i = 0; i < counts.length; i++) {
      int total = total(caches.get(i), counts[i]);
      for (int position = total - counts[i]; position < total; position++) {
        positions[at] = position;
        lengths[at++] = total + extra[i];
      }
    }
    List<RotaryTable> tables =
        pictures.stream().allMatch(text -> text.axes().length == 0)
            ? packedTables(positions, lengths, type, 1, tokens)
            : tablesByAxis(positions, counts, pictures, lengths, type, 1);
    List<JoinedCache.Text> texts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < counts.length; i++) {
      KvCache cache = caches.get(i);
      Map<RotaryTable, RotaryTable> own = new HashMap<>();
      for (RotaryTable table : tables) {
        own.put(
            table,
            new RotaryTable(
                table.cos().narrow(2, from, counts[i]), table.sin().narrow(2, from, counts[i])));
      }
      int start = Math.toIntExact(positions[from]);
      List<PromptPictures.Block> blocks = pictures.get(i).blocksIn(start, start + counts[i]);
      Map<Long, Tensor> masks = masks(cache, counts[i], blocks, type);
      texts.add(new JoinedCache.Text(cache, from, counts[i], own, masks));
      from += counts[i];
    }
    return new Positions(
        learnedIds(positions, 1, tokens),
        tables,
        Map.of(),
        new JoinedCache(texts, windows, type),
        new long[] {tokens});
  }

  /**
   * Creates the positions of a batch of texts with pictures.
   *
   * @param mask 1 on tokens and 0 on padding, which is on the right
   */
  public Positions pictured(
      long[] mask, int rows, int length, List<PromptPictures> pictures, DType type) {
    boolean open = pictures.stream().anyMatch(row -> !row.blocksIn(0, length).isEmpty());
    boolean axes = pictures.stream().anyMatch(row -> row.axes().length > 0);
    if (!open && !axes) {
      return causal(mask, rows, length, type);
    }
    if (learned > 0 || !isRightPadded(mask, rows, length)) {
      throw new IllegalArgumentException(
          "pictures: expected padding on the right and no learned positions");
    }
    long[] places = new long[rows * length];
    Arrays.setAll(places, i -> i % length);
    try (Scope scope = Scope.open()) {
      Map<Long, Tensor> masks = new HashMap<>();
      if (open) {
        Tensor seen = Tensor.of(mask, rows, length);
        windows.forEach(
            window -> masks.put(window, Masks.causal(seen, length, window, type).own()));
        Tensor visible = Tensor.zeros(type, 1);
        for (int row = 0; row < rows; row++) {
          for (PromptPictures.Block block : pictures.get(row).blocksIn(0, length)) {
            for (Tensor each : masks.values()) {
              int size = block.to() - block.from();
              each.narrow(0, row, 1)
                  .narrow(2, block.from(), size)
                  .narrow(3, block.from(), size)
                  .copyFrom(visible);
            }
          }
        }
      }
      int[] counts = new int[rows];
      Arrays.fill(counts, length);
      int[] lengths = new int[places.length];
      Arrays.fill(lengths, length);
      return new Positions(
          null,
          axes
              ? tablesByAxis(places, counts, pictures, lengths, type, rows)
              : tables(places, length, type, rows, length),
          masks,
          null,
          tokens(mask, rows));
    }
  }

  /** Returns tables of tokens that have a position on each axis. */
  private List<RotaryTable> tablesByAxis(
      long[] places,
      int[] counts,
      List<PromptPictures> pictures,
      int[] lengths,
      DType type,
      int rows) {
    List<RotaryTable> tables = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (RotaryFrequencies frequencies : rotary) {
        float[] inverse = frequencies.inverseFrequencies(lengths[0]);
        float[] angles = new float[places.length * inverse.length];
        int token = 0;
        for (int i = 0; i < counts.length; i++) {
          int[] axes = pictures.get(i).axes();
          for (int end = token + counts[i]; token < end; token++) {
            int place = Math.toIntExact(places[token]);
            for (int j = 0; j < inverse.length; j++) {
              int axis = j < axes.length ? axes[j] : 0;
              angles[token * inverse.length + j] =
                  pictures.get(i).position(axis, place) * inverse[j];
            }
          }
        }
        long[] one = LongStream.generate(() -> 1).limit(token).toArray();
        Tensor ones = Tensor.of(one, rows, token / rows);
        Tensor ofTokens = Tensor.of(angles, rows, token / rows, inverse.length);
        float factor = commonFactor(frequencies, lengths);
        tables.add(table(frequencies, ones, ofTokens, factor, type));
      }
    }
    return tables;
  }

  /**
   * Returns the masks of the next tokens of a text; none if they see all tokens before them.
   *
   * @param blocks tokens that see each other, whatever their order
   */
  private Map<Long, Tensor> masks(
      KvCache cache, int count, List<PromptPictures.Block> blocks, DType type) {
    Map<Long, Tensor> masks = new HashMap<>();
    if (!needsNoMask(cache, count) || !blocks.isEmpty()) {
      int total = total(cache, count);
      long[] all = new long[total];
      Arrays.fill(all, 1);
      Tensor seen = Tensor.of(all, 1, all.length);
      windows.forEach(window -> masks.put(window, Masks.causal(seen, count, window, type)));
      for (PromptPictures.Block block : blocks) {
        int size = block.to() - block.from();
        Tensor open = Tensor.zeros(type, 1);
        masks
            .values()
            .forEach(
                mask ->
                    mask.narrow(2, block.from() - (total - count), size)
                        .narrow(3, block.from(), size)
                        .copyFrom(open));
      }
    }
    return masks;
  }

  /** Creates the positions of a batch with bidirectional attention, from the given position ids. */
  public Positions bothWays(long[] ids, long[] mask, int rows, int length, DType type) {
    try (Scope scope = Scope.open()) {
      Map<Long, Tensor> masks = new HashMap<>();
      if (!allOnes(mask)) {
        Tensor seen = Tensor.of(mask, rows, length);
        windows.forEach(window -> masks.put(window, Masks.padding(seen, window, type).own()));
      }
      long highest = Arrays.stream(ids).max().orElse(0);
      List<RotaryTable> tables = tables(ids, Math.toIntExact(highest + 1), type, rows, length);
      return new Positions(learnedIds(ids, rows, length), tables, masks, null, tokens(mask, rows));
    }
  }

  private Positions plain(long[] mask, int rows, int from, int to, KvCache cache, DType type) {
    long[] positions = new long[to - from];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = (long) from + i;
    }
    Tensor ids = null;
    if (learned > 0) {
      long[] all = new long[rows * positions.length];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(positions, 0, all, row * positions.length, positions.length);
      }
      ids = learnedIds(all, rows, positions.length);
    }
    return new Positions(
        ids, tables(positions, to, type, to - from), Map.of(), cache, tokens(mask, rows));
  }

  /** Numbers each row's tokens consecutively; padding has position 1. */
  private Positions counted(
      long[] mask, int rows, int total, int count, KvCache cache, DType type) {
    long[] positions = new long[rows * count];
    float[] keep = new float[rows * count];
    long highest = 0;
    for (int row = 0; row < rows; row++) {
      long seen = 0;
      for (int i = 0; i < total; i++) {
        seen += mask[row * total + i];
        int at = i - (total - count);
        if (at >= 0) {
          positions[row * count + at] = mask[row * total + i] == 0 ? 1 : seen - 1;
          keep[row * count + at] = mask[row * total + i];
        }
      }
      highest = Math.max(highest, seen);
    }
    try (Scope scope = Scope.open()) {
      Tensor seen = Tensor.of(mask, rows, total);
      Map<Long, Tensor> masks = new HashMap<>();
      windows.forEach(window -> masks.put(window, Masks.causal(seen, count, window, type).own()));
      return new Positions(
              learnedIds(positions, rows, count),
              tables(positions, Math.toIntExact(highest), type, rows, count),
              masks,
              cache,
              tokens(mask, rows))
          .keeping(keepsStates ? Tensor.of(keep, rows, count, 1).own() : null);
    }
  }

  private Tensor learnedIds(long[] positions, int rows, int length) {
    if (learned == 0) {
      return null;
    }
    for (long position : positions) {
      if (position >= learned) {
        throw new IllegalArgumentException(
            "A text reaches position "
                + position
                + ", but the model has learned "
                + learned
                + " positions; shorten the text");
      }
    }
    long[] places = Arrays.stream(positions).map(position -> position + unused).toArray();
    return Tensor.of(places, rows, length).own();
  }

  private List<RotaryTable> tables(
      long[] positions, int sequenceLength, DType type, long... sizes) {
    List<RotaryTable> tables = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (RotaryFrequencies rotaryFrequencies : rotary) {
        tables.add(
            table(
                rotaryFrequencies,
                Tensor.of(positions, sizes),
                Tensor.of(
                    rotaryFrequencies.inverseFrequencies(sequenceLength),
                    rotaryFrequencies.rotaryDim() / 2),
                rotaryFrequencies.attentionFactor(sequenceLength),
                type));
      }
    }
    return tables;
  }

  private static RotaryTable table(
      RotaryFrequencies rotary, Tensor positions, Tensor inverse, float factor, DType type) {
    RotaryTable table = RotaryTable.of(positions, inverse, factor, type);
    if (rotary.temperature().isEmpty()) {
      return table;
    }
    try (table) {
      RotaryFrequencies.Temperature growth = rotary.temperature().get();
      return table.growing(positions, growth.beta(), growth.length());
    }
  }

  private static boolean isRightPadded(long[] mask, int rows, int length) {
    for (int row = 0; row < rows; row++) {
      for (int i = 1; i < length; i++) {
        if (mask[row * length + i] > mask[row * length + i - 1]) {
          return false;
        }
      }
    }
    return true;
  }

  private static long[] tokens(long[] mask, int rows) {
    int length = mask.length / rows;
    return IntStream.range(0, rows)
        .mapToLong(row -> Arrays.stream(mask, row * length, (row + 1) * length).sum())
        .toArray();
  }

  private static boolean allOnes(long[] mask) {
    return Arrays.stream(mask).allMatch(value -> value != 0);
  }
}
