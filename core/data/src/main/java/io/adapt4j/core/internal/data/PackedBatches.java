package io.adapt4j.core.internal.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * Sampler that packs several samples into a row by best-fit decreasing (Johnson 1974): longest
 * sample first, each into the fullest row that still has room. The epoch's order decides which of
 * several samples of one length goes where, but not the number of rows.
 */
final class PackedBatches implements BatchSampler {

  private final int[] lengths;
  private final int capacity;
  private final int batchSize;
  private final EpochOrder order;
  private final int count;

  /** Computes the number of rows. */
  PackedBatches(int[] lengths, int capacity, int batchSize, EpochOrder order) {
    this.lengths = lengths;
    this.capacity = capacity;
    this.batchSize = batchSize;
    this.order = order;
    this.count = BatchSampler.batches(pack(0).size(), batchSize);
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public Epoch epoch(int epoch) {
    List<int[]> rows = pack(epoch);
    int[] numbers = order.batches(rows.size(), epoch);
    return number -> {
      int from = number * batchSize;
      int to = (int) Math.min((long) from + batchSize, numbers.length);
      return Arrays.stream(numbers, from, to).mapToObj(rows::get).toArray(int[][]::new);
    };
  }

  private List<int[]> pack(int epoch) {
    int[] samples =
        LengthOrder.longestFirst(order.samples(lengths.length, epoch), 0, lengths.length, lengths);
    List<int[]> rows = new ArrayList<>();
    List<Deque<Integer>> byRoom = new ArrayList<>();
    for (int room = 0; room <= capacity; room++) {
      byRoom.add(new ArrayDeque<>());
    }
    BitSet rooms = new BitSet(capacity + 1);
    for (int sample : samples) {
      int room = rooms.nextSetBit(lengths[sample]);
      int row;
      if (room < 0) {
        room = capacity;
        row = rows.size();
        rows.add(new int[] {sample});
      } else {
        row = byRoom.get(room).remove();
        rooms.set(room, !byRoom.get(room).isEmpty());
        rows.set(row, with(rows.get(row), sample));
      }
      int left = room - lengths[sample];
      byRoom.get(left).add(row);
      rooms.set(left);
    }
    return rows;
  }

  private static int[] with(int[] row, int sample) {
    int[] longer = Arrays.copyOf(row, row.length + 1);
    longer[row.length] = sample;
    return longer;
  }
}
