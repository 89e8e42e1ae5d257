package io.adapt4j.speech.internal.whisper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Divides the tokens of a window into segments at pairs of timestamps (Radford et al. 2022, section
 * 3.8), as Transformers does.
 *
 * @param frames frames until the next window
 */
public record WindowSegments(List<Part> parts, long frames) {

  /** Frames of a spectrogram for one step of a timestamp. */
  static final int STRIDE = 2;

  /**
   * A part of a window.
   *
   * @param start steps of a timestamp from the start of the window
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Part(int start, int end, int[] ids) {}

  /**
   * Divides a window.
   *
   * @param frames frames of the window with sound
   */
  public static WindowSegments of(int[] ids, int begin, long frames) {
    int count = ids.length;
    boolean closed = count >= 2 && ids[count - 2] < begin && ids[count - 1] >= begin;
    List<Integer> cuts = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      if (ids[i - 1] >= begin && ids[i] >= begin) {
        cuts.add(i);
      }
    }
    if (cuts.isEmpty()) {
      return new WindowSegments(List.of(whole(ids, begin, frames)), frames);
    }
    if (closed) {
      cuts.add(count);
    } else {
      // The last segment keeps the start of the next one, which is written anew.
      cuts.set(cuts.size() - 1, cuts.get(cuts.size() - 1) + 1);
    }
    List<Part> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < cuts.size(); i++) {
      int to = cuts.get(i);
      boolean open = !closed && i == cuts.size() - 1;
      int end = ids[open ? to - 2 : to - 1];
      parts.add(new Part(ids[from] - begin, end - begin, Arrays.copyOfRange(ids, from, to)));
      from = to;
    }
    long next = closed ? frames : (long) (ids[from - 2] - begin) * STRIDE;
    return new WindowSegments(List.copyOf(parts), next > 0 ? next : frames);
  }

  private static Part whole(int[] ids, int begin, long frames) {
    int end = Math.toIntExact(frames / STRIDE);
    for (int id : ids) {
      if (id > begin) {
        end = id - begin;
      }
    }
    return new Part(0, end, ids);
  }
}
