package io.adapt4j.eval.task;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;

/**
 * Tasks about long texts, made to measure: the item of a length has a prompt that takes, with its
 * answer, at most so many tokens and hardly fewer, and the requested facts are at a given depth of
 * it. They follow the needle in a haystack (Kamradt 2023) and RULER (Hsieh et al. 2024) with texts
 * of their own, so that scores are not comparable with those of other tools.
 *
 * <p>An item has {@code found}, the share of the right answers that the reply mentions, which is
 * the primary metric as in RULER, and {@code exact}: 1 if it mentions all of them and none of the
 * wrong ones that occur in the text. Items have the fields {@code length} and {@code depth}. The
 * same settings and tokenizer give the same items.
 */
public final class LongContext {

  /** Kind of information that a text hides and its question asks for. */
  public enum Kind {
    /** One number. */
    NEEDLE(32),
    /** One of several numbers, by its name. */
    KEYS(32),
    /** All numbers of one name. */
    VALUES(128),
    /** The numbers of several names. */
    QUERIES(128),
    /** Names of all variables that have a value by a chain of assignments; another has its own. */
    VARIABLES(64),
    /** The most common words of a list, which is all of the text. */
    WORDS(128);

    final int newTokens;

    Kind(int newTokens) {
      this.newTokens = newTokens;
    }
  }

  static final String LENGTH = "length";
  static final String DEPTH = "depth";

  private static final int MOST_CORRECTIONS = 16;

  private final Kind kind;
  private final ToIntFunction<String> counter;
  private List<Integer> lengths = List.of(1024, 2048, 4096);
  private List<Double> depths = List.of(0.0, 0.25, 0.5, 0.75, 1.0);
  private int items = 4;
  private long seed;

  private LongContext(Kind kind, ToIntFunction<String> counter) {
    this.kind = Texts.require("kind", kind);
    this.counter = Texts.require("counter", counter);
  }

  /**
   * Starts a task.
   *
   * @param kind the kind of question
   * @param counter counts the tokens of a text, such as {@code text -> tokenizer.encode(text,
   *     false).length}
   * @return settings with the defaults
   */
  public static LongContext of(Kind kind, ToIntFunction<String> counter) {
    return new LongContext(kind, counter);
  }

  /**
   * Sets the lengths in tokens, of prompt and answer together, without a chat template. Default:
   * 1024, 2048 and 4096.
   *
   * @param tokens at least one
   */
  public LongContext lengths(int... tokens) {
    lengths = Arrays.stream(tokens).boxed().toList();
    return this;
  }

  /**
   * Sets the depths. Default: 0, 0.25, 0.5, 0.75 and 1.
   *
   * @param shares at least one: the part of the text before the requested fact, from 0 to 1; with
   *     several facts, before the first of them
   * @throws IllegalArgumentException if one is out of range
   */
  public LongContext depths(double... shares) {
    for (double share : shares) {
      if (!(share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("depths: expected shares from 0 to 1, found " + share);
      }
    }
    depths = Arrays.stream(shares).boxed().toList();
    return this;
  }

  /**
   * Sets the number of items for each length and depth. Default: 4.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public LongContext items(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("items must be at least 1, found " + count);
    }
    items = count;
    return this;
  }

  /**
   * Sets the seed of texts and answers. Default: 0.
   *
   * @param value the seed
   */
  public LongContext seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Makes the task.
   *
   * @return the task, named after its kind, such as {@code needle}
   * @throws IllegalArgumentException if there is no length or depth, or a length is too short for
   *     the question
   */
  public Task task() {
    List<Item> made = new ArrayList<>();
    for (int length : lengths) {
      for (double depth : kind == Kind.WORDS ? List.of(0.0) : depths) {
        for (int number = 1; number <= items; number++) {
          made.add(item(length, depth, number));
        }
      }
    }
    return new Task(
        name(),
        made,
        List.of(TaskMetric.mean(Mentions.FOUND), TaskMetric.mean(Mentions.EXACT)),
        false);
  }

  private String name() {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private Item item(int length, double depth, int number) {
    String place = kind == Kind.WORDS ? "all" : String.format(Locale.ROOT, "%.2f", depth);
    long own = new SplittableRandom(seed).nextLong() ^ (31L * length + Double.hashCode(depth));
    SplittableRandom random = new SplittableRandom(own + 7919L * number);
    LongText text =
        switch (kind) {
          case NEEDLE -> HiddenNumbers.of(random, 1, 1, 1);
          case KEYS -> HiddenNumbers.of(random, 4, 1, 1);
          case VALUES -> HiddenNumbers.of(random, 1, 4, 1);
          case QUERIES -> HiddenNumbers.of(random, 4, 1, 4);
          case VARIABLES -> HiddenVariables.of(random);
          case WORDS -> CommonWords.of(random, length);
        };
    String prompt = fitted(text, depth, length);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put(LENGTH, String.valueOf(length));
    fields.put(DEPTH, place);
    return new TextItem(
        String.join("-", name(), String.valueOf(length), place, String.valueOf(number)),
        prompt,
        GenerationOptions.greedy().toBuilder().maxNewTokens(kind.newTokens).build(),
        text.answers(),
        AnswerExtraction.whole(),
        new Mentions(text.candidates(prompt)),
        fields);
  }

  /** Returns the prompt with as many units of filler as fit. */
  private String fitted(LongText text, double depth, int length) {
    int room = length - kind.newTokens;
    int least = counter.applyAsInt(text.prompt(0, depth));
    if (least > room) {
      throw new IllegalArgumentException(
          "lengths: expected at least %d tokens for a task of kind %s, found %d"
              .formatted(least + kind.newTokens, name(), length));
    }
    // Tokens of a unit, from a sample; corrected below by what the whole text has.
    int sample = Math.max(1, Math.min(64, room - least));
    double unit = Math.max(1.0, counter.applyAsInt(text.prompt(sample, depth)) - least) / sample;
    int units = (int) ((room - least) / unit);
    String prompt = text.prompt(units, depth);
    for (int i = 0; i < MOST_CORRECTIONS; i++) {
      int over = counter.applyAsInt(prompt) - room;
      int correction = over > 0 ? (int) Math.ceil(over / unit) : (int) (over / unit);
      if (correction == 0 || units == 0) {
        return prompt;
      }
      units = Math.max(0, units - correction);
      prompt = text.prompt(units, depth);
    }
    while (units > 0 && counter.applyAsInt(prompt) > room) {
      prompt = text.prompt(--units, depth);
    }
    return prompt;
  }
}
