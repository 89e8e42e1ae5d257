package io.adapt4j.core.tokenize;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The tokens that a model expects around a text and around a pair of texts, and the type ids of
 * all. They do not depend on the texts, so they are determined once.
 */
record Frame(
    Encoding before,
    Encoding after,
    int type,
    Encoding pairBefore,
    Encoding pairBetween,
    Encoding pairAfter,
    int firstType,
    int secondType) {

  /** Determines the frame from a tokenizer's post-processor. */
  static Frame of(NativeTokenizer tokenizer, Vocabulary vocabulary) {
    String probe = probe(tokenizer, vocabulary);
    int length = tokenizer.encode(probe).length;
    Encoding encoding = tokenizer.encodeFramed(probe);
    Encoding two = tokenizer.encodeFramed(probe, probe);
    int start = firstOfText(encoding);
    int firstStart = firstOfText(two);
    int secondEnd = endOfText(two);
    return new Frame(
        encoding.slice(0, start),
        encoding.slice(endOfText(encoding), encoding.length()),
        typeAt(encoding, start),
        two.slice(0, firstStart),
        two.slice(firstStart + length, secondEnd - length),
        two.slice(secondEnd, two.length()),
        typeAt(two, firstStart),
        typeAt(two, secondEnd - 1));
  }

  /** A text that has tokens: a vocabulary without an unknown token may know few characters. */
  private static String probe(NativeTokenizer tokenizer, Vocabulary vocabulary) {
    return Stream.concat(Stream.of("a"), vocabulary.tokens())
        .filter(text -> tokenizer.encode(text).length > 0)
        .findFirst()
        .orElse("a");
  }

  /** Puts bos before and eos after every text, if they exist; a second text has type 1. */
  static Frame of(OptionalInt bos, OptionalInt eos) {
    Encoding before = added(bos, 0);
    Encoding after = added(eos, 0);
    return new Frame(
        before, after, 0, before, Encoding.concat(after, added(bos, 1)), added(eos, 1), 0, 1);
  }

  /** Checks that at least one token of a text fits. */
  void requireRoom(int maxLength) {
    requireRoom(maxLength, added(), 1, "a text");
  }

  /** Checks that at least one token of each text of a pair fits. */
  void requireRoomForPair(int maxLength) {
    requireRoom(maxLength, addedToPair(), 2, "a pair of texts");
  }

  /** The beginning of a sequence to be continued; of an empty text at least one token is kept. */
  int[] beforePrompt(int[] ids) {
    boolean nothing = ids.length == 0 && before.length() == 0 && after.length() > 0;
    return nothing ? new int[] {after.ids()[0]} : join(before.ids(), ids, ids.length, new int[0]);
  }

  int[] around(int[] ids) {
    return join(before.ids(), ids, ids.length, after.ids());
  }

  int[] aroundTruncated(int[] ids, int maxLength) {
    return join(before.ids(), ids, Math.min(ids.length, maxLength - added()), after.ids());
  }

  Encoding around(Encoding text) {
    return Encoding.concat(before, text.withType(type), after);
  }

  Encoding around(Encoding first, Encoding second) {
    return Encoding.concat(
        pairBefore, first.withType(firstType), pairBetween, second.withType(secondType), pairAfter);
  }

  /** Truncates the longer text first, sharing the room as the tokenizers library does. */
  Encoding aroundTruncated(Encoding first, Encoding second, int maxLength) {
    int room = maxLength - addedToPair();
    boolean firstIsLonger = first.length() > second.length();
    int forShorter = Math.min(Math.min(first.length(), second.length()), room / 2);
    int forLonger = room - forShorter;
    return around(
        first.head(firstIsLonger ? forLonger : forShorter),
        second.head(firstIsLonger ? forShorter : forLonger));
  }

  private int added() {
    return before.length() + after.length();
  }

  private int addedToPair() {
    return pairBefore.length() + pairBetween.length() + pairAfter.length();
  }

  private static void requireRoom(int maxLength, int added, int least, String around) {
    if (maxLength < added + least) {
      throw new IllegalArgumentException(
          ("maxLength: expected at least %s, for the %s tokens added around %s and %s of its"
                  + " own, found %s. Give a larger maxLength.")
              .formatted(added + least, added, around, least, maxLength));
    }
  }

  private static int[] join(int[] before, int[] ids, int length, int[] after) {
    int[] joined = Arrays.copyOf(before, before.length + length + after.length);
    System.arraycopy(ids, 0, joined, before.length, length);
    System.arraycopy(after, 0, joined, before.length + length, after.length);
    return joined;
  }

  private static Encoding added(OptionalInt id, int type) {
    return id.isPresent() ? Encoding.added(id.getAsInt(), type) : Encoding.EMPTY;
  }

  private static int firstOfText(Encoding encoding) {
    int index = 0;
    while (index < encoding.length() && encoding.special()[index]) {
      index++;
    }
    return index;
  }

  private static int endOfText(Encoding encoding) {
    int index = encoding.length();
    while (index > 0 && encoding.special()[index - 1]) {
      index--;
    }
    return index;
  }

  private static int typeAt(Encoding encoding, int index) {
    return encoding.typeIds()[index];
  }
}
