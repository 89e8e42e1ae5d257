package io.adapt4j.core.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Trace of texts that does not hold them: 24-bit hashes of all their sequences of three words. It
 * tells later whether a text, such as a passage or a row, was among them, so that what was made of
 * the text can be deleted.
 */
public final class TextTrace {

  private static final int WORDS = 3;
  private static final int BYTES = 3;

  /** Consecutive sequences that count as a quotation: eight words. */
  private static final int RUN = 6;

  /** Share of the sequences of a shorter text that does, as a passage without its heading. */
  private static final double SHARE = 0.8;

  private final int[] sorted;

  private TextTrace(int[] sorted) {
    this.sorted = sorted;
  }

  /** Texts to look for. */
  public static final class Sought {

    private final List<int[]> texts = new ArrayList<>();

    /** Hashes of texts of one or two words, which no trace tells from other texts. */
    private final Set<Integer> shortTexts = new HashSet<>();

    private Sought(List<String> sought) {
      for (String text : sought) {
        int[] sequences = sequences(text).toArray();
        if (isShort(text)) {
          Arrays.stream(sequences).forEach(shortTexts::add);
        } else {
          texts.add(sequences);
        }
      }
    }

    /** Returns whether one of the texts as a whole, or eight words in a row of it, may be there. */
    public boolean isIn(TextTrace trace) {
      return !shortTexts.isEmpty() || texts.stream().anyMatch(text -> isIn(text, trace));
    }

    private static boolean isIn(int[] text, TextTrace trace) {
      int most = Math.min(RUN, (int) Math.ceil(SHARE * text.length));
      int run = 0;
      for (int sequence : text) {
        run = Arrays.binarySearch(trace.sorted, sequence) >= 0 ? run + 1 : 0;
        if (run == most) {
          return true;
        }
      }
      return false;
    }

    /** Returns whether a text has one of the texts as a whole, or eight words in a row of it. */
    public boolean isIn(String text) {
      TextTrace trace = TextTrace.of(List.of(text));
      return texts.stream().anyMatch(one -> isIn(one, trace))
          || (!shortTexts.isEmpty()
              && IntStream.range(1, WORDS)
                  .flatMap(length -> hashes(text, length))
                  .anyMatch(shortTexts::contains));
    }
  }

  /** Prepares texts to look for. */
  public static Sought sought(List<String> texts) {
    return new Sought(texts);
  }

  /** Returns whether a text has too few words to be told from other texts. */
  public static boolean isShort(String text) {
    return Words.normalized(text).chars().filter(c -> c == ' ').count() < WORDS - 1;
  }

  public static TextTrace of(List<String> texts) {
    return new TextTrace(
        texts.stream().flatMapToInt(TextTrace::sequences).sorted().distinct().toArray());
  }

  /** Returns all texts in a value of JSON's kinds, such as the fields of a message or a row. */
  public static List<String> texts(Object value) {
    List<String> texts = new ArrayList<>();
    collect(value, texts);
    return texts;
  }

  private static void collect(Object value, List<String> texts) {
    if (value instanceof String text) {
      texts.add(text);
    } else if (value instanceof Map<?, ?> map) {
      map.values().forEach(one -> collect(one, texts));
    } else if (value instanceof Iterable<?> list) {
      list.forEach(one -> collect(one, texts));
    }
  }

  private static IntStream sequences(String text) {
    return hashes(text, WORDS);
  }

  private static IntStream hashes(String text, int length) {
    return Arrays.stream(Words.sequences(text, length)).mapToInt(hash -> (int) (hash >>> 40));
  }

  /** Writes it as text, four characters for each sequence of words. */
  public String encoded() {
    byte[] bytes = new byte[BYTES * sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      bytes[BYTES * i] = (byte) (sorted[i] >>> 16);
      bytes[BYTES * i + 1] = (byte) (sorted[i] >>> 8);
      bytes[BYTES * i + 2] = (byte) sorted[i];
    }
    return Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * Reads what {@link #encoded} wrote; throws {@link IllegalArgumentException} for another text.
   */
  public static TextTrace decode(String text) {
    byte[] bytes = Base64.getDecoder().decode(text);
    int[] hashes = new int[bytes.length / BYTES];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] =
          (bytes[BYTES * i] & 0xFF) << 16
              | (bytes[BYTES * i + 1] & 0xFF) << 8
              | (bytes[BYTES * i + 2] & 0xFF);
    }
    return new TextTrace(hashes);
  }
}
