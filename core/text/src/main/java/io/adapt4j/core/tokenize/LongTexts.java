package io.adapt4j.core.tokenize;

import io.adapt4j.core.internal.TooManyTokensException;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Encoder of texts of any length in little memory: in parts, stopping when there are too many
 * tokens or on cancellation. The native side takes about 150 bytes per character of the text that
 * it encodes.
 *
 * <p>A text is split where words, numbers, spaces and punctuation meet, and only where the tokens
 * of the surrounding text are those of its two sides, so that the tokens are those of the whole
 * text. Thread-safe.
 */
record LongTexts(NativeTokenizer tokenizer, int mostCharacters) {

  /** Maximum length in characters of a text that is encoded at once. */
  static final int WHOLE = 1 << 15;

  /** Characters of a part, if a place to split is found. */
  private static final int PART = 1 << 14;

  /**
   * Maximum number of characters of a part; a text without any place to split may not be longer.
   */
  static final int LONGEST_PART = 1 << 18;

  /** Characters on each side of a place that are encoded to check whether the text can be split. */
  private static final int AROUND = 128;

  /** Number of places of either kind that are tried in a stretch of the text. */
  private static final int TRIES = 8;

  /** Tokens at the end of an arbitrarily cut part that may differ in the whole text. */
  private static final int UNSURE = 16;

  /** Texts up to this length do not wait for longer ones. */
  private static final int SHORT = 1 << 11;

  private static final long POLL_MILLIS = 20;

  /** Long parts take turns, so that many of them leave CPU and memory to others. */
  private static final Semaphore TURNS =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);

  /**
   * Encodes a text. Throws a TooManyTokensException if it exceeds the limit, a
   * CancellationException if it is cancelled, and an IllegalArgumentException if a long stretch of
   * it cannot be split.
   */
  int[] encode(String text, int most, BooleanSupplier isCancelled) {
    requireLength(text.length(), most);
    Parts parts = new Parts(text, most, isCancelled);
    parts.readAll();
    if (parts.count > most) {
      throw new TooManyTokensException(parts.count, most);
    }
    return parts.ids();
  }

  /** Refuses a text whose length alone implies too many tokens. */
  void requireLength(int characters, int most) {
    if (mostCharacters > 0 && characters / mostCharacters > most) {
      throw new TooManyTokensException(characters / mostCharacters, most);
    }
  }

  /** Encodes at least the first tokens of a text, as many as requested if it has them. */
  int[] encodeBeginning(String text, int wanted) {
    Parts parts = new Parts(text, wanted, () -> false);
    parts.readAll();
    return parts.ids();
  }

  /** Returns the text, or if it is long a prefix with at least the requested number of tokens. */
  String beginning(String text, int wanted) {
    if (text.length() <= WHOLE) {
      return text;
    }
    Parts parts = new Parts(text, wanted, () -> false);
    parts.readAll();
    return text.substring(0, parts.start);
  }

  /** The tokens of a text so far. */
  private final class Parts {

    private final String text;
    private final int most;
    private final BooleanSupplier isCancelled;
    private int[] ids = {};
    private int count;
    private int start;

    Parts(String text, int most, BooleanSupplier isCancelled) {
      this.text = text;
      this.most = most;
      this.isCancelled = isCancelled;
    }

    /** Reads until the text ends or has too many tokens. */
    void readAll() {
      do {
        int left = text.length() - start;
        Division division = left <= WHOLE ? Division.END : division();
        if (division.isNone()) {
          readUndivided();
        } else if (division.isEnd()) {
          readRest();
        } else {
          add(encode(text.substring(start, division.end())));
          start = division.next();
        }
      } while (start < text.length() && count <= most);
    }

    private void readRest() {
      if (text.length() - start <= WHOLE || !hasTooMany(WHOLE)) {
        add(encode(text.substring(start)));
      }
      start = text.length();
    }

    /** Encodes an arbitrarily cut part. Adds its certain tokens if those are too many. */
    private boolean hasTooMany(int length) {
      int[] part = encode(text.substring(start, endBefore(start + length)));
      boolean tooMany = count + part.length - UNSURE > most;
      if (tooMany) {
        add(Arrays.copyOf(part, part.length - UNSURE));
        start = endBefore(start + length);
      }
      return tooMany;
    }

    /** Reads text that cannot be split, far enough to know that there are too many tokens. */
    private void readUndivided() {
      if (!hasTooMany(WHOLE) && !hasTooMany(LONGEST_PART)) {
        throw new IllegalArgumentException(
            ("the text has more than %d characters from character %d on between which it cannot be"
                    + " divided to be read. Put spaces or line breaks into it, or shorten it.")
                .formatted(LONGEST_PART, start));
      }
    }

    private int endBefore(int end) {
      return Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end;
    }

    private Division division() {
      for (int size = PART; size <= LONGEST_PART; size *= 2) {
        int from = start + size / 2;
        int to = Math.min(start + size, text.length() - 2);
        Division found = division(from, to, true);
        if (found.isNone()) {
          found = division(from, to, false);
        }
        if (!found.isNone()) {
          return found;
        }
        if (to < start + size) {
          return text.length() - start <= LONGEST_PART ? Division.END : Division.NONE;
        }
      }
      return Division.NONE;
    }

    /**
     * Searches backwards for a place to split: before a word, or wherever kinds of characters meet.
     */
    private Division division(int from, int to, boolean beforeWord) {
      int tries = 0;
      for (int at = to; at > from && tries < TRIES; at--) {
        if (beforeWord ? Division.isBeforeWord(text, at) : Division.isBetweenKinds(text, at)) {
          tries++;
          int begin = Division.wholeCharacter(text, Math.max(start, at - AROUND));
          int end = Division.wholeCharacter(text, Math.min(text.length(), at + AROUND));
          int[] around = encode(text.substring(begin, end));
          int[] before = encode(text.substring(begin, at));
          if (isJoined(around, before, encode(text.substring(at, end)))) {
            return new Division(at, at);
          }
          // A vocabulary that marks the beginning of a text like a space.
          if (beforeWord && isJoined(around, before, encode(text.substring(at + 1, end)))) {
            return new Division(at, at + 1);
          }
        }
      }
      return Division.NONE;
    }

    private static boolean isJoined(int[] joined, int[] first, int[] second) {
      return joined.length == first.length + second.length
          && Arrays.equals(joined, 0, first.length, first, 0, first.length)
          && Arrays.equals(joined, first.length, joined.length, second, 0, second.length);
    }

    private int[] encode(String part) {
      requireWanted();
      if (part.length() <= SHORT) {
        return tokenizer.encode(part);
      }
      takeTurn();
      try {
        requireWanted();
        return tokenizer.encode(part);
      } finally {
        TURNS.release();
      }
    }

    private void takeTurn() {
      boolean interrupted = false;
      boolean taken = false;
      while (!taken) {
        requireWanted();
        try {
          taken = TURNS.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    private void requireWanted() {
      if (isCancelled.getAsBoolean()) {
        throw new CancellationException("encoding was cancelled");
      }
    }

    private void add(int[] part) {
      if (ids.length < count + part.length) {
        ids = Arrays.copyOf(ids, Math.max(count + part.length, 2 * count));
      }
      System.arraycopy(part, 0, ids, count, part.length);
      count += part.length;
    }

    int[] ids() {
      return ids.length == count ? ids : Arrays.copyOf(ids, count);
    }
  }
}
