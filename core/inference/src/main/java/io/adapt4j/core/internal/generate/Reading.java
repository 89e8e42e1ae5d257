package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.picture.PromptPictures;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Division of a prompt into passes.
 *
 * <p>Marks follow the ends of messages, where later prompts are likely to differ, and divide what
 * is longer. A mark depends on the tokens before it alone, so prompts with a common prefix have the
 * same marks in it.
 *
 * @param marks positions that no pass crosses, in ascending order
 * @param isByMarks whether the division changes bits, so that only what was read up to a mark is
 *     the same for all prompts that start with it
 * @param isInSteps whether all tokens are processed by step kernels, whose division changes no bit
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Reading(int[] marks, boolean isByMarks, boolean isInSteps, PromptPictures pictures) {

  /** Minimum number of tokens between marks: a pass of fewer takes as long. */
  static final int SHORTEST = 32;

  /** The division that passes find convenient. */
  static final Reading FREE = new Reading(new int[0], false, false, PromptPictures.NONE);

  /** Finds the marks of a prompt: after the given tokens and after a chunk without one. */
  static int[] marks(int[] prompt, IntPredicate isEnd) {
    int[] marks = new int[prompt.length / SHORTEST];
    int count = 0;
    int last = 0;
    for (int end = 1; end <= prompt.length; end++) {
      int tokens = end - last;
      if (tokens == RequestBatch.CHUNK || (tokens >= SHORTEST && isEnd.test(prompt[end - 1]))) {
        marks[count++] = end;
        last = end;
      }
    }
    return Arrays.copyOf(marks, count);
  }

  /** Returns the last mark at or before a position; 0 if there is none. */
  int markBefore(int position) {
    int at = Arrays.binarySearch(marks, position);
    return at >= 0 ? position : at == -1 ? 0 : marks[-at - 2];
  }

  /** Returns the first mark after a position; the largest integer if there is none. */
  int markAfter(int position) {
    int at = Arrays.binarySearch(marks, position + 1);
    int next = at >= 0 ? at : -at - 1;
    return next < marks.length ? marks[next] : Integer.MAX_VALUE;
  }

  /**
   * Returns the end of a pass of at most so many tokens, or of more if pictures cannot be divided.
   */
  int passEnd(int from, int most) {
    int end = Math.min(from + most, markAfter(from));
    return pictures.passEnd(from, end);
  }

  boolean isMark(int position) {
    return Arrays.binarySearch(marks, position) >= 0;
  }

  /** Returns the number of a prefix's tokens that can be reused. */
  int reusable(int tokens) {
    return isByMarks ? markBefore(tokens) : pictures.whole(tokens);
  }
}
