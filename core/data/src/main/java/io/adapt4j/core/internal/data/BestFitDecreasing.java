package io.adapt4j.core.internal.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * Packing of samples into rows by best-fit decreasing (Johnson 1974): longest sample first, each
 * into the fullest row that still has room; of several such rows into the one that has had this
 * room longest, as in TRL.
 */
public final class BestFitDecreasing {

  private BestFitDecreasing() {}

  public static List<int[]> rows(int[] samples, int[] lengths, int capacity) {
    int[] sorted = LengthOrder.longestFirst(samples, 0, samples.length, lengths);
    List<int[]> rows = new ArrayList<>();
    List<Deque<Integer>> byRoom = new ArrayList<>();
    for (int room = 0; room <= capacity; room++) {
      byRoom.add(new ArrayDeque<>());
    }
    BitSet rooms = new BitSet(capacity + 1);
    for (int sample : sorted) {
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
