package io.adapt4j.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Question about a text of any length. */
interface LongText {

  /**
   * Returns the prompt with a number of units of filler and the requested facts at a depth of it.
   */
  String prompt(int units, double depth);

  /** Returns what a reply must mention. */
  List<String> answers();

  /** Returns what a reply may mention: the answers, and what of the prompt is like them. */
  Set<String> candidates(String prompt);

  /** Sentences that say nothing about the requested facts, and hold no digits. */
  final class Filler {

    private static final List<String> WHO =
        List.of(
            "The baker",
            "An old sailor",
            "My neighbor",
            "The gardener",
            "A young clerk",
            "The miller",
            "Her uncle",
            "The ferryman",
            "A traveler",
            "The schoolteacher");
    private static final List<String> DID =
        List.of(
            "walked slowly past",
            "told a long story about",
            "painted a picture of",
            "forgot his umbrella near",
            "wrote a short letter about",
            "dreamed all night of",
            "waited patiently beside",
            "asked the children about");
    private static final List<String> WHAT =
        List.of(
            "the stone bridge",
            "the market square",
            "a field of barley",
            "the railway station",
            "the quiet harbor",
            "a row of chestnut trees",
            "the town library",
            "the frozen pond",
            "a wooden fence",
            "the chapel on the hill");
    private static final List<String> WHEN =
        List.of(
            "before the rain began",
            "on a windy afternoon",
            "while the bells were ringing",
            "after the harvest",
            "and nobody was surprised",
            "early in the morning",
            "as the lamps were lit",
            "and went home again");

    private Filler() {}

    /** Returns a number of sentences; fewer are a prefix of more. */
    static List<String> sentences(long seed, int count) {
      SplittableRandom random = new SplittableRandom(seed);
      List<String> sentences = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        sentences.add(
            String.join(
                    " ", one(random, WHO), one(random, DID), one(random, WHAT), one(random, WHEN))
                + ".");
      }
      return sentences;
    }

    private static String one(SplittableRandom random, List<String> words) {
      return words.get(random.nextInt(words.size()));
    }

    /** Returns the place of a depth among sentences. */
    static int place(double depth, int sentences) {
      return (int) Math.round(depth * sentences);
    }
  }
}
